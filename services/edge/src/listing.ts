/** A backend's listing as the client must see it. Everything but sizes and ETags stays as the backend wrote it. */
import { el, type XmlElement, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { parseBackendXml } from "./backend-xml.ts";
import type { ListedObject, ListingSizes } from "./listing-sizes.ts";
import { clientEtag } from "./s3/etags.ts";
import type { S3Request } from "./s3-request.ts";

/** Elements that describe an object with bytes: of ListObjects and ListObjectsV2, and of ListObjectVersions. */
const LISTED = new Set(["Contents", "Version"]);

/** Rewrites the XML of ListObjects, ListObjectsV2 or ListObjectVersions. */
export async function rewriteListing(
  xml: string,
  request: S3Request,
  sizes: ListingSizes,
): Promise<string> {
  const document = parseBackendXml(xml);
  const isUrlEncoded = document.textOf("EncodingType") === "url";
  const listed = document.children
    .filter(({ name }) => LISTED.has(name))
    .map((entry) => listedObject(entry, isUrlEncoded));
  const plaintextSizes = await sizes.of(listed, request);
  let index = 0;
  const children = document.children.map((child) => {
    if (!LISTED.has(child.name)) return copyNode(child);
    const size = plaintextSizes[index];
    index += 1;
    return contentsNode(child, size);
  });
  return xmlDocument(el(document.name, ...children), { hasNamespace: true });
}

function listedObject(contents: XmlElement, isUrlEncoded: boolean): ListedObject {
  const key = contents.textOf("Key") ?? "";
  const versionId = contents.textOf("VersionId");
  return {
    key: isUrlEncoded ? decodeKey(key) : key,
    storedSize: Number(contents.textOf("Size") ?? Number.NaN),
    etag: contents.textOf("ETag") ?? "",
    ...(versionId === undefined ? {} : { versionId }),
  };
}

/** A key that is not UTF-8 stays as it came: nobody can ask for it here, and it must not spoil the listing of the others. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", "%20"));
  } catch {
    return encoded;
  }
}

function contentsNode(contents: XmlElement, size: number | undefined): XmlNode {
  return el(
    contents.name,
    ...contents.children.map((child) => {
      if (child.name === "Size" && size !== undefined) return el("Size", size);
      if (child.name === "ETag") return el("ETag", clientEtag(child.text));
      return copyNode(child);
    }),
  );
}

function copyNode(element: XmlElement): XmlNode {
  return element.children.length > 0
    ? el(element.name, ...element.children.map(copyNode))
    : el(element.name, element.text);
}
