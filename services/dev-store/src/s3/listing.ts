/** How keys are walked for a listing: prefix, delimiter, marker, a page at a time (S3 API, ListObjectsV2). */
import { encodeListingKey } from "@s3eg/shared/s3/names.ts";
import { el, type XmlNode } from "@s3eg/shared/s3/xml.ts";
import type { S3Request } from "../s3-request.ts";
import type { SortedKeys } from "../store/key-order.ts";
import { invalidArgument } from "./errors.ts";

/** What to list. */
export interface Walk {
  readonly prefix: string;
  readonly delimiter: string;
  /** Names up to and with this one are left out; if it is a common prefix, everything below it too. */
  readonly after: string;
  /** True if the key `after` itself is to be looked at once more, for what is left of its items. */
  readonly isAfterIncluded?: boolean;
  readonly maxNames: number;
}

/** One name of a listing. */
export type Listed<Item> =
  | { readonly kind: "item"; readonly key: string; readonly item: Item }
  | { readonly kind: "prefix"; readonly prefix: string };

/** A page of names. */
export interface Page<Item> {
  readonly listed: readonly Listed<Item>[];
  readonly isTruncated: boolean;
}

/** Walks the keys; `itemsOf` gives what a key is listed as: nothing, one item, or (versions, uploads) several. */
export function walk<Item>(
  keys: SortedKeys,
  { prefix, delimiter, after, isAfterIncluded = false, maxNames }: Walk,
  itemsOf: (key: string) => readonly Item[],
): Page<Item> {
  const listed: Listed<Item>[] = [];
  const start = isAfterIncluded
    ? keys.placeOf(after)
    : placeAfter(keys, after, { prefix, delimiter });
  let place = Math.max(keys.placeOf(prefix), start);
  for (let key = keys.at(place); key?.startsWith(prefix); key = keys.at(place)) {
    const items = itemsOf(key);
    if (items.length === 0) {
      place++;
      continue;
    }
    if (listed.length >= maxNames) return { listed, isTruncated: maxNames > 0 };
    const common = commonPrefix(key, { prefix, delimiter });
    if (common !== undefined) {
      listed.push({ kind: "prefix", prefix: common });
      place = keys.placeAfterPrefix(common);
      continue;
    }
    for (const item of items) {
      if (listed.length >= maxNames) return { listed, isTruncated: true };
      listed.push({ kind: "item", key, item });
    }
    place++;
  }
  return { listed, isTruncated: false };
}

function placeAfter(
  keys: SortedKeys,
  after: string,
  { prefix, delimiter }: { prefix: string; delimiter: string },
): number {
  if (after === "") return 0;
  return commonPrefix(after, { prefix, delimiter }) === after
    ? keys.placeAfterPrefix(after)
    : keys.placeAfter(after);
}

function commonPrefix(
  key: string,
  { prefix, delimiter }: { prefix: string; delimiter: string },
): string | undefined {
  if (delimiter === "" || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** The name a page ends with, for the next one to go on after. */
export function lastName(page: Page<unknown>): string | undefined {
  const last = page.listed.at(-1);
  return last?.kind === "prefix" ? last.prefix : last?.key;
}

/** Writes names as the request wants them: as they are, or `encoding-type=url`. Throws InvalidArgument for another encoding. */
export function nameWriter({ query }: S3Request): (name: string) => string {
  const encoding = query.get("encoding-type");
  if (encoding === undefined) return (name) => name;
  if (encoding.toLowerCase() === "url") return encodeListingKey;
  throw invalidArgument("encoding-type", encoding, "Invalid Encoding Method specified in Request");
}

/** `<CommonPrefixes>` of a page. */
export function commonPrefixes(page: Page<unknown>, write: (name: string) => string): XmlNode[] {
  return page.listed.flatMap((one) =>
    one.kind === "prefix" ? [el("CommonPrefixes", el("Prefix", write(one.prefix)))] : [],
  );
}
