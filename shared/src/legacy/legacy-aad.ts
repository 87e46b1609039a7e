/** Associated data of whole-object AEADs of format 1 (docs/format-1.md §5). */
import type { LegacySeal } from "./legacy-object.ts";

const LENGTH_BYTES = 4;

/** What the object may have been authenticated with, most likely first. */
export interface AadCandidates {
  /** Content types that may have been authenticated where none was recorded. */
  readonly contentTypes: readonly string[];
  /** The layouts with metadata inside leave the key version out. */
  readonly hasKeyVersion: boolean;
  /** Whether an object may have been sealed with no associated data at all. */
  readonly acceptsNone: boolean;
}

/**
 * Every associated data that releases can have used for this object. Trying them is safe: a tag verifies under one of them or the object
 * is not opened.
 */
export function legacyAads(
  seal: LegacySeal,
  { contentTypes, hasKeyVersion, acceptsNone }: AadCandidates,
): Buffer[] {
  const keyVersion = hasKeyVersion ? seal.keyVersion : "";
  const types = new Set(seal.contentType === undefined ? contentTypes : [seal.contentType]);
  const named = [...types].flatMap((type) => [
    fields(seal, keyVersion, type),
    text(seal, keyVersion, type),
  ]);
  return acceptsNone ? [...named, Buffer.alloc(0)] : named;
}

/** Since 0.8.0: six fields, each with its length in front; an absent one is empty. */
function fields(seal: LegacySeal, keyVersion: string, contentType: string): Buffer {
  const { algorithm, salt, nonce, originalSizeText } = seal;
  const values = [algorithm, salt, nonce, keyVersion, contentType, originalSizeText];
  return Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}

/** Before: a line of text, in which absent values do not appear. */
function text(seal: LegacySeal, keyVersion: string, contentType: string): Buffer {
  const { algorithm, salt, nonce, originalSizeText } = seal;
  const optional = [
    ["kv", keyVersion],
    ["ct", contentType],
    ["osz", originalSizeText],
  ].flatMap(([name, value]) => (value ? [`|${name}:${value}`] : []));
  const [saltText, nonceText] = [salt, nonce].map((bytes) => Buffer.from(bytes).toString("base64"));
  return Buffer.from(`alg:${algorithm}|salt:${saltText}|iv:${nonceText}${optional.join("")}`);
}
