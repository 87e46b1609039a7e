/**
 * Sealed metadata written a second time, from docs/format.md §11 and RFC 8949 alone. Lenient on purpose: it also makes the malformed
 * values of the vectors.
 */
import { aead, type RawKeys } from "./format-by-hand.ts";

/** One entry of a map: key and value as encoded. */
export type Entry = readonly [key: Buffer, value: Buffer];

/** The numbers of content headers. */
const NUMBERS: Readonly<Record<string, number>> = {
  "content-type": 1,
  "content-disposition": 2,
  "content-encoding": 3,
  "content-language": 4,
  "cache-control": 5,
  expires: 6,
};

/** Initial byte and argument (RFC 8949 §3): as short as can be, unless `bytes` says how long. */
export function head(major: number, argument: number, bytes?: 0 | 1 | 2 | 4): Buffer {
  const shortest = argument < 24 ? 0 : argument < 256 ? 1 : argument < 65_536 ? 2 : 4;
  const length = bytes ?? shortest;
  const info = { 0: argument, 1: 24, 2: 25, 4: 26 }[length];
  const digits = argument.toString(16).padStart(2 * length, "0");
  return Buffer.concat([
    Uint8Array.of(major * 32 + info),
    Buffer.from(length === 0 ? "" : digits, "hex"),
  ]);
}

/** An unsigned number. */
export const unsignedItem = (value: number) => head(0, value);
/** A byte string of latin-1 characters. */
export const bytesItem = (latin1: string) =>
  Buffer.concat([head(2, latin1.length), Buffer.from(latin1, "latin1")]);
/** Text. */
export const textItem = (text: string) =>
  Buffer.concat([head(3, Buffer.byteLength(text)), Buffer.from(text)]);

/** A map in the order of its entries. */
export function mapItem(entries: readonly Entry[]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}

/** The bytes of header fields (format.md §11). */
export function metadataByHand(fields: Readonly<Record<string, string>>): Buffer {
  const user: Entry[] = [];
  const outer: Entry[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const number = NUMBERS[name];
    if (number === undefined) {
      user.push([textItem(name.slice("x-amz-meta-".length)), bytesItem(value)]);
    } else outer.push([unsignedItem(number), bytesItem(value)]);
  }
  if (user.length > 0) outer.push([unsignedItem(0), mapItem(sorted(user))]);
  return mapItem(sorted(outer));
}

function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(([a], [b]) => Buffer.compare(a, b));
}

/** nonce ‖ ciphertext ‖ tag (format.md §11). */
export function sealedMetadataByHand(
  { suite, keys, mac }: { suite: number; keys: Pick<RawKeys, "metadataKey">; mac: Buffer },
  nonce: Buffer,
  plaintext: Buffer,
): Buffer {
  const aad = Buffer.concat([Buffer.from("s3eg/2/meta"), mac]);
  return Buffer.concat([nonce, aead(suite, { key: keys.metadataKey, nonce, aad }, plaintext)]);
}
