/** Makes the multipart objects of the format vectors: everything follows from the vector's name, as in vector-object.ts. */
import { CHUNK, checksumByHand, patternByHand, type RawKeys, sha256 } from "./format-by-hand.ts";
import { measured } from "./format-vector.ts";
import {
  canonicalSize,
  manifestByHand,
  type RawManifest,
  regionByHand,
} from "./multipart-by-hand.ts";
import {
  type MultipartVector,
  plaintextsOf,
  rawManifest,
  sealMultipart,
  sizeOf,
  type VectorManifest,
  type VectorPart,
} from "./multipart-vector.ts";
import { headerOf, writtenDown } from "./vector-object.ts";

/** What differs from one part of five bytes, the region behind it. */
export interface PartsChoices {
  /** Part numbers and plaintext sizes. */
  readonly parts?: readonly (readonly [partNumber: number, size: number])[];
  readonly suite?: 1 | 2;
  /** True: the region is a backend part of its own. */
  readonly hasOwnRegion?: boolean;
  readonly algorithm?: NonNullable<VectorManifest["checksum"]>["algorithm"];
  readonly type?: "FULL_OBJECT" | "COMPOSITE";
  readonly hasMd5?: boolean;
}

/** An object, and the vector of it. */
export interface MultipartObject {
  readonly name: string;
  readonly suite: number;
  readonly keys: RawKeys;
  readonly vector: MultipartVector;
  readonly stored: Buffer;
}

/** The object of a name. */
export function partsObjectOf(name: string, choices: PartsChoices = {}): MultipartObject {
  const { parts: numbers = [[1, 5]], suite = 1, hasOwnRegion = false } = choices;
  const { keys, said } = headerOf(name, undefined, { suite });
  const bare = numbers.map(([partNumber, size]) => ({
    partNumber,
    size,
    salt: sha256(`salt of part ${partNumber} of ${name}`).subarray(0, 16).toString("hex"),
  }));
  const { parts, manifest } = summed(bare, choices);
  const backendParts = parts.length + (hasOwnRegion ? 1 : 0);
  const stored = sealMultipart({ suite, keys, backendParts, parts, manifest });
  const vector: MultipartVector = {
    description: "",
    section: "§7",
    expect: "success",
    ...said,
    backendParts,
    plaintext: measured(patternByHand(sizeOf(parts))),
    parts,
    manifest,
    stored: { ...measured(stored), ...writtenDown(stored) },
  };
  return { name, suite, keys, vector, stored };
}

/** The same parts with the checksums that were chosen, and those of the whole. */
function summed(
  parts: readonly VectorPart[],
  { algorithm, type = "COMPOSITE", hasMd5 = false }: PartsChoices,
): { parts: readonly VectorPart[]; manifest: VectorManifest } {
  const plaintexts = plaintextsOf(parts);
  const digests = (name: Parameters<typeof checksumByHand>[0]) =>
    plaintexts.map((plaintext) => checksumByHand(name, plaintext));
  const md5 = hasMd5
    ? { md5OfMd5s: checksumByHand("md5", Buffer.concat(digests("md5"))).toString("hex") }
    : {};
  if (!algorithm) return { parts, manifest: md5 };
  const own = digests(algorithm);
  const whole = type === "COMPOSITE" ? Buffer.concat(own) : Buffer.concat(plaintexts);
  const value = checksumByHand(algorithm, whole).toString("hex");
  return {
    parts: parts.map((part, index) => ({ ...part, checksum: own[index]?.toString("hex") ?? "" })),
    manifest: { ...md5, checksum: { algorithm, type, value } },
  };
}

/** The stored bytes of an object with another manifest in the place of its own. */
export function withManifest(
  { suite, keys, vector, stored }: MultipartObject,
  change: (manifest: RawManifest) => Partial<RawManifest>,
  more: { padding?: Buffer; length?: number } = {},
): Buffer {
  const raw = rawManifest(vector);
  const fields = manifestByHand({ ...raw, ...change(raw) });
  const length = regionLength(vector);
  const region = regionByHand(suite, keys, { fields, length, ...more });
  return Buffer.concat([stored.subarray(0, stored.byteLength - length), region]);
}

/** Bytes of the region of a vector that opens. */
export function regionLength({ parts, backendParts, stored }: MultipartVector): number {
  const sealed = parts.reduce(
    (sum, { size }) => sum + size + 16 * Math.max(1, Math.ceil(size / CHUNK)),
    0,
  );
  const length = canonicalSize(sizeOf(parts), backendParts) - sealed;
  if (sealed + length !== stored.bytes) throw new Error("not of the canonical size");
  return length;
}
