/** A backend's listing as the client must see it. Everything but sizes and ETags stays as the backend wrote it. */
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { isLegacyCompanionName } from "@s3eg/shared/legacy/legacy-manifest.ts";
import { el, type XmlElement, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { copyNode, parseBackendXml } from "./backend-xml.ts";
import { hiddenCompanions, markerBehind, shownCount } from "./hidden-companions.ts";
import { keyReaderOf } from "./listed-keys.ts";
import type { ListedObject } from "./listing-sizes.ts";
import type { Rooms } from "./operations/operation.ts";
import { listedChecksum } from "./s3/checksum-headers.ts";
import { headerEtag } from "./s3/etags.ts";
import type { S3Request } from "./s3-request.ts";
import { shownEtag } from "./shown-etag.ts";

/** Elements that describe an object with bytes: of ListObjects and ListObjectsV2, and of ListObjectVersions. */
const LISTED = new Set(["Contents", "Version"]);

/** Rewrites the XML of ListObjects, ListObjectsV2 or ListObjectVersions. */
export async function rewriteListing(
  xml: string,
  request: S3Request,
  rooms: Pick<Rooms, "sizes" | "known">,
): Promise<string> {
  const document = parseBackendXml(xml);
  const keyOf = keyReaderOf(document);
  const named = hiddenCompanions(document, keyOf);
  const listed = document.children.filter((child) => LISTED.has(child.name) && !named.has(child));
  const objects = listed.map((entry) => listedObject(entry, keyOf(entry)));
  const shown = await shownOf(objects, request, rooms);
  const shownOfEntry = new Map(listed.map((entry, at) => [entry, shown[at]]));
  const hidden = new Set([...named, ...listed.filter((_, at) => shown[at] === "companion")]);
  const visible = document.children.filter((child) => !hidden.has(child));
  const children = visible.map((child) => {
    if (child.name === "KeyCount") return shownCount(child, hidden);
    if (!LISTED.has(child.name)) return copyNode(child);
    const entry = shownOfEntry.get(child);
    return contentsNode(child, entry === "companion" ? undefined : entry);
  });
  return xmlDocument(el(document.name, ...children, markerBehind(document, hidden)), {
    hasNamespace: true,
  });
}

/** What clients see of a listed object; without a size where there is none to give. */
interface ShownObject {
  readonly size: number | undefined;
  readonly etag: string;
  /** Of the plaintext, where it is known. */
  readonly checksum: ObjectFacts["checksum"];
}

async function shownOf(
  listed: readonly ListedObject[],
  request: S3Request,
  { sizes, known }: Pick<Rooms, "sizes" | "known">,
): Promise<(ShownObject | "companion")[]> {
  const { bucket, policy } = request;
  const needsFacts = policy.etag === "md5";
  const objects = listed.map(({ key, etag, versionId }) => ({
    bucket,
    key,
    versionId,
    etag: headerEtag(etag),
  }));
  const facts = needsFacts ? await known.ofMany(request, objects) : [];
  // Facts don't tell a manifest of format 1 from an object of its name.
  const isUnknown = ({ key }: ListedObject, at: number) =>
    facts[at] === undefined || (policy.contents !== "sealed" && isLegacyCompanionName(key));
  const looked = (await sizes.of(listed.filter(isUnknown), request)).values();
  return listed.map((object, at) => {
    const size = isUnknown(object, at) ? looked.next().value : facts[at]?.size;
    if (size === "companion") return size;
    return {
      size,
      etag: shownEtag(policy, object.etag, facts[at]),
      checksum: facts[at]?.checksum,
    };
  });
}

function listedObject(contents: XmlElement, key: string): ListedObject {
  return {
    key,
    storedSize: Number(contents.textOf("Size") ?? Number.NaN),
    etag: contents.textOf("ETag") ?? "",
    versionId: contents.textOf("VersionId"),
  };
}

function contentsNode(contents: XmlElement, shown: ShownObject | undefined): XmlNode {
  return el(
    contents.name,
    ...contents.children.flatMap((child) => {
      // Checksums on the backend are those of the stored bytes; who tells which there is, is told of the plaintext's.
      if (child.name === "ChecksumAlgorithm") return listedChecksum(shown?.checksum);
      if (child.name.startsWith("Checksum")) return [];
      if (child.name === "Size" && shown?.size !== undefined) return el("Size", shown.size);
      if (child.name === "ETag") return el("ETag", shown?.etag ?? "");
      return copyNode(child);
    }),
  );
}
