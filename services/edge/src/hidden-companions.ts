/** Companion manifests in a listing: they are the gateway's own, and left out (format.md §7). Count and marker follow. */
import { el, type XmlElement, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import { isCompanionName } from "./companions.ts";
import { listedEntries } from "./listed-keys.ts";

/** The elements of a listing that name a companion. `keyOf` reads the key of one. */
export function hiddenCompanions(
  document: XmlElement,
  keyOf: (entry: XmlElement) => string,
): ReadonlySet<XmlElement> {
  return new Set(listedEntries(document).filter((entry) => isCompanionName(keyOf(entry))));
}

/** `KeyCount` of what is shown (S3 API, ListObjectsV2). */
export function shownCount(counted: XmlElement, hidden: ReadonlySet<XmlElement>): XmlNode {
  return el("KeyCount", Math.max(0, Number(counted.text) - hidden.size));
}

/**
 * `NextMarker` for a page of ListObjects whose last key is not shown: without it a client goes on behind the last one that it sees, and
 * would not know where to go on if it sees none.
 */
export function markerBehind(
  document: XmlElement,
  hidden: ReadonlySet<XmlElement>,
): XmlNode | undefined {
  const names = new Set(document.children.map(({ name }) => name));
  const isFirstVersion = document.name === "ListBucketResult" && !names.has("KeyCount");
  const last = document.all("Contents").at(-1);
  const isAsked = document.textOf("IsTruncated") === "true" && !names.has("NextMarker");
  if (!isFirstVersion || !isAsked || !last || !hidden.has(last)) return undefined;
  return el("NextMarker", last.textOf("Key") ?? "");
}
