/** DeleteObjects: up to 1000 keys in one request. ETag conditions inside are mapped to the backend's. */

import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { el, parseXml, type XmlElement, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { s3Error } from "../s3/errors.ts";
import { backendCondition, type KnownEtag } from "../s3/etags.ts";
import type { S3Request } from "../s3-request.ts";
import { etagNow } from "../shown-etag.ts";
import type { Operation, Rooms } from "./operation.ts";
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
    const objects = document.all("Object");
    if (document.name !== "Delete" || objects.length === 0 || objects.length > MAX_KEYS) {
      throw s3Error("MalformedXML");
    }
    if (objects.some((object) => (object.textOf("Key") ?? "") === ""))
      throw s3Error("MalformedXML");
    const etags = await etagsNow(request, objects, rooms);
    const body = Buffer.from(xmlDocument(deleteDocument(document, etags), { hasNamespace: true }));
    return await passedAnswer(
      await rooms.backend.send(passedRequest(request, { method: "POST", body })),
    );
  },
};

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
    const versionId = object.textOf("VersionId");
    const target = { bucket: request.bucket, key: object.textOf("Key") ?? "" };
    return await etagNow(request, { ...target, ...(versionId ? { versionId } : {}) }, rooms);
  });
}

function deleteDocument(document: XmlElement, etags: readonly (KnownEtag | undefined)[]): XmlNode {
  const known = etags.values();
  return el(
    "Delete",
    ...document.children.map((child) =>
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

function copyNode(element: XmlElement): XmlNode {
  return element.children.length > 0
    ? el(element.name, ...element.children.map(copyNode))
    : el(element.name, element.text);
}
