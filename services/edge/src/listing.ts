/** A backend's listing as the client must see it. Everything but sizes and ETags stays as the backend wrote it. */
import { el, parseXml, type XmlElement, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { ListedObject, ListingSizes } from "./listing-sizes.ts";
import { clientEtag } from "./s3/etags.ts";
import type { S3Request } from "./s3-request.ts";

/** 1000 keys of 1 KiB, percent-encoded, with owners. */
const MAX_LISTING_BYTES = 16 * 1024 * 1024;

/** Rewrites the XML of ListObjects or ListObjectsV2. */
export async function rewriteListing(
  xml: string,
  request: S3Request,
  sizes: ListingSizes,
): Promise<string> {
  const document = parseXml(xml, { maxBytes: MAX_LISTING_BYTES });
  const isUrlEncoded = document.textOf("EncodingType") === "url";
  const listed = document.all("Contents").map((contents) => listedObject(contents, isUrlEncoded));
  const plaintextSizes = await sizes.of(listed, request);
  let index = 0;
  const children = document.children.map((child) => {
    if (child.name !== "Contents") return copyNode(child);
    const size = plaintextSizes[index];
    index += 1;
    return contentsNode(child, size);
  });
  return xmlDocument(el(document.name, ...children), { hasNamespace: true });
}

function listedObject(contents: XmlElement, isUrlEncoded: boolean): ListedObject {
  const key = contents.textOf("Key") ?? "";
  return {
    key: isUrlEncoded ? decodeURIComponent(key.replaceAll("+", "%20")) : key,
    storedSize: Number(contents.textOf("Size") ?? Number.NaN),
    etag: contents.textOf("ETag") ?? "",
  };
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
