/** What the entries of a backend's listing name (S3 API, ListObjects, ListObjectsV2, ListObjectVersions). */
import type { XmlElement } from "@s3eg/shared/s3/xml.ts";

/** Elements that name an object, or one of its versions. */
const NAMING = new Set(["Contents", "Version", "DeleteMarker"]);

/** The entries of a listing that name an object, one of its versions, or a delete marker; in order. */
export function listedEntries(document: XmlElement): readonly XmlElement[] {
  return document.children.filter(({ name }) => NAMING.has(name));
}

/** Reads the key of an entry, decoded where the listing is. */
export function keyReaderOf(document: XmlElement): (entry: XmlElement) => string {
  const isUrlEncoded = document.textOf("EncodingType") === "url";
  return (entry) => {
    const key = entry.textOf("Key") ?? "";
    return isUrlEncoded ? decodeKey(key) : key;
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
