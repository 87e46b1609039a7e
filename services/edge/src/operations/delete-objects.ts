/** DeleteObjects: up to 1000 keys in one request. ETag conditions inside are mapped to the backend's. */

import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { el, parseXml, type XmlElement, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { copyNode, parseBackendXml } from "../backend-xml.ts";
import { companionToDelete, deleteCompanions, isCompanionName } from "../companions.ts";
import { S3_ERRORS, s3Error } from "../s3/errors.ts";
import { backendCondition, type KnownEtag } from "../s3/etags.ts";
import type { S3Request } from "../s3-request.ts";
import { etagNow } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";
import { MAX_XML_BYTES, passedAnswer, passedRequest } from "./pass-through.ts";

const MAX_KEYS = 1000;
const LOOKUPS_AT_ONCE = 10;

export const deleteObjects: Operation = {
  name: "DeleteObjects",
  method: "POST",
  level: "bucket",
  subresources: ["delete"],
  async run(request, rooms) {
    const sent = await request.bytes(MAX_XML_BYTES);
    const document = parseXml(textOf(sent), { maxBytes: MAX_XML_BYTES });
    checkDocument(document);
    const isAllowed = mayDelete(request);
    const kept = document.children.filter(isAllowed);
    const denied = document.children.filter((child) => !isAllowed(child)).map(deniedNode);
    const objects = kept.filter(({ name }) => name === "Object");
    if (objects.length === 0) return deniedAnswer(denied);
    const etags = await etagsNow(request, objects, rooms);
    const companions = await companionsOf(request, rooms, objects);
    // A quiet answer would not tell which objects are still there behind a marker.
    const isHushed = companions.length > 0 && document.textOf("Quiet") === "true";
    const asked = isHushed ? kept.filter(({ name }) => name !== "Quiet") : kept;
    const body = Buffer.from(xmlDocument(deleteDocument(asked, etags), { hasNamespace: true }));
    const response = await rooms.backend.send(passedRequest(request, { method: "POST", body }));
    return await passedAnswer(response, async (xml) => {
      await deleteCompanions(request, rooms, unkept(companions, xml));
      return shownResult(xml, { denied, isHushed });
    });
  },
};

const IN_OBJECT = new Set(["Key", "VersionId", "ETag", "LastModifiedTime", "Size"]);

/** What a backend might read otherwise than we do is refused: a second key, or anything that S3 does not have there. */
function checkDocument(document: XmlElement): void {
  const objects = document.all("Object");
  const isWellFormed =
    document.name === "Delete" &&
    objects.length > 0 &&
    objects.length <= MAX_KEYS &&
    document.children.every(({ name }) => name === "Object" || name === "Quiet") &&
    objects.every(isObject);
  if (!isWellFormed) throw s3Error("MalformedXML");
  if (objects.some((object) => object.child("Size") !== undefined)) {
    throw s3Error("NotImplemented", {
      message: "A condition on Size is not available: the backend does not know the object's size.",
    });
  }
}

function isObject(object: XmlElement): boolean {
  const [key, ...others] = object.all("Key");
  const hasOnlyKnown = object.children.every(
    ({ name, children }) => IN_OBJECT.has(name) && children.length === 0,
  );
  return hasOnlyKnown && key !== undefined && key.text !== "" && others.length === 0;
}

/** The companion of each object, where there is one; in order. */
async function companionsOf(
  request: S3Request,
  rooms: Rooms,
  objects: readonly XmlElement[],
): Promise<{ key: string; companion: string }[]> {
  if (rooms.needsEqualParts !== true) return [];
  const found = await atMost(LOOKUPS_AT_ONCE, objects, async (object) => {
    const key = object.textOf("Key") ?? "";
    const versionId = object.textOf("VersionId");
    const companion = await companionToDelete(request, rooms, { key, versionId });
    return companion === undefined ? [] : [{ key, companion }];
  });
  return found.flat();
}

/** Companions of objects that are gone: neither refused, nor behind a marker. */
function unkept(companions: readonly { key: string; companion: string }[], xml: string): string[] {
  if (companions.length === 0) return [];
  const result = parseBackendXml(xml);
  const isMarked = (deleted: XmlElement) =>
    deleted.textOf("DeleteMarker") === "true" || deleted.child("DeleteMarkerVersionId");
  const kept = new Set(
    [...result.all("Error"), ...result.all("Deleted").filter(isMarked)].map((each) =>
      each.textOf("Key"),
    ),
  );
  return companions.filter(({ key }) => !kept.has(key)).map(({ companion }) => companion);
}

/** Keys are judged one by one, as S3 does it. Those of companions are nobody's to delete. */
function mayDelete({ principal, bucket }: S3Request): (child: XmlElement) => boolean {
  return (child) =>
    child.name !== "Object" ||
    (!isCompanionName(child.textOf("Key") ?? "") &&
      principal.rights.onObject("delete", bucket, child.textOf("Key") ?? ""));
}

function deniedNode(object: XmlElement): XmlNode {
  return el(
    "Error",
    el("Key", object.textOf("Key") ?? ""),
    ...object.all("VersionId").map(copyNode),
    el("Code", "AccessDenied"),
    el("Message", S3_ERRORS.AccessDenied.message),
  );
}

function deniedAnswer(denied: readonly XmlNode[]): S3Answer {
  const body = xmlDocument(el("DeleteResult", ...denied), { hasNamespace: true });
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

/** The result with the keys that the backend was not asked for; `isHushed`: without those that were deleted. */
function shownResult(
  xml: string,
  { denied, isHushed }: { denied: readonly XmlNode[]; isHushed: boolean },
): string {
  if (denied.length === 0 && !isHushed) return xml;
  const { name, children } = parseBackendXml(xml);
  const told = isHushed ? children.filter((child) => child.name !== "Deleted") : children;
  return xmlDocument(el(name, ...told.map(copyNode), ...denied), { hasNamespace: true });
}

/** Bytes that are not UTF-8 must not become another key's name. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw s3Error("MalformedXML", { cause });
  }
}

/** The present ETags of the objects that are deleted on a condition, where they have to be known, in order. */
async function etagsNow(
  request: S3Request,
  objects: readonly XmlElement[],
  rooms: Rooms,
): Promise<(KnownEtag | undefined)[]> {
  return await atMost(LOOKUPS_AT_ONCE, objects, async (object) => {
    if (object.textOf("ETag") === undefined) return undefined;
    const versionId = object.textOf("VersionId") || undefined;
    const target = { bucket: request.bucket, key: object.textOf("Key") ?? "", versionId };
    return await etagNow(request, target, rooms);
  });
}

function deleteDocument(
  kept: readonly XmlElement[],
  etags: readonly (KnownEtag | undefined)[],
): XmlNode {
  const known = etags.values();
  return el(
    "Delete",
    ...kept.map((child) =>
      child.name === "Object" ? objectNode(child, known.next().value) : copyNode(child),
    ),
  );
}

function objectNode(object: XmlElement, known: KnownEtag | undefined): XmlNode {
  return el(
    "Object",
    ...object.children.map((child) =>
      child.name === "ETag" ? el("ETag", backendCondition(child.text, known)) : copyNode(child),
    ),
  );
}
