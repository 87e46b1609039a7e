/** The frozen vectors of multipart objects (test/vectors/README.md): their form, and how the bytes of one are had. */
import { patternByHand, type RawKeys } from "./format-by-hand.ts";
import { ALGORITHM_NUMBERS, type FormatVector, storedBytesOf } from "./format-vector.ts";
import {
  canonicalSize,
  manifestByHand,
  partByHand,
  type RawManifest,
  regionByHand,
} from "./multipart-by-hand.ts";
import { readVectorFiles } from "./vector-files.ts";

/** Where the vectors lie. */
export const MULTIPART_VECTORS = new URL("./vectors/format-2-multipart/", import.meta.url);

type Algorithm = "crc32" | "crc32c" | "crc64nvme" | "sha1" | "sha256";

/** One part; values in hex. */
export interface VectorPart {
  readonly partNumber: number;
  readonly size: number;
  readonly salt: string;
  readonly checksum?: string;
}

/** What the manifest says of the whole; values in hex. */
export interface VectorManifest {
  readonly md5OfMd5s?: string;
  readonly checksum?: {
    readonly algorithm: Algorithm;
    readonly type: "FULL_OBJECT" | "COMPOSITE";
    readonly value: string;
  };
}

/** One vector. All binary values are hex, sizes are bytes. */
export interface MultipartVector
  extends Pick<
    FormatVector,
    "description" | "section" | "dataKey" | "place" | "header" | "plaintext" | "stored"
  > {
  readonly expect: "success" | "wrong key" | "manifest failure" | "payload failure";
  /** The check that refuses it. */
  readonly failsAt?: "commitment" | "region" | "manifest" | "part";
  /** Plaintext bytes that a reader which releases chunk by chunk has released at most when a whole read fails (format.md §8). */
  readonly releasedBytes?: number;
  readonly kek: string;
  /** The `N` of the backend's ETag. */
  readonly backendParts: number;
  readonly parts: readonly VectorPart[];
  readonly manifest: VectorManifest;
}

/** Every vector by its file name without `.json`. */
export function readMultipartVectors(): ReadonlyMap<string, MultipartVector> {
  return readVectorFiles(MULTIPART_VECTORS);
}

const hex = (text: string) => Buffer.from(text, "hex");

/** What has to be known of an object to seal it by hand. */
export interface PartsByHand {
  readonly suite: number;
  readonly keys: RawKeys;
  readonly backendParts: number;
  readonly parts: readonly VectorPart[];
  readonly manifest: VectorManifest;
}

/** The fields of a vector's manifest. */
export function rawManifest({
  parts,
  manifest,
}: Pick<PartsByHand, "parts" | "manifest">): RawManifest {
  const { md5OfMd5s, checksum } = manifest;
  return {
    version: 1,
    algorithm: checksum ? ALGORITHM_NUMBERS[checksum.algorithm] : 0,
    type: checksum ? { FULL_OBJECT: 1, COMPOSITE: 2 }[checksum.type] : 0,
    has: (md5OfMd5s === undefined ? 0 : 1) | (checksum ? 2 : 0),
    totalSize: BigInt(sizeOf(parts)),
    md5OfMd5s: md5OfMd5s === undefined ? Buffer.alloc(16) : hex(md5OfMd5s),
    checksum: hex(checksum?.value ?? ""),
    count: parts.length,
    entries: parts.map(({ partNumber, size, salt, checksum: own = "" }) => ({
      partNumber,
      size,
      salt: hex(salt),
      checksum: hex(own),
    })),
  };
}

/** Plaintext bytes of all parts. */
export function sizeOf(parts: readonly VectorPart[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** The plaintext of each part: the pattern goes on from one to the next. */
export function plaintextsOf(parts: readonly VectorPart[]): Buffer[] {
  const whole = patternByHand(sizeOf(parts));
  let at = 0;
  return parts.map(({ size }) => {
    at += size;
    return whole.subarray(at - size, at);
  });
}

/** The stored bytes of each part. */
export function sealedParts({ suite, keys, parts }: Omit<PartsByHand, "manifest">): Buffer[] {
  const plaintexts = plaintextsOf(parts);
  return parts.map(({ partNumber, salt }, index) => {
    const part = { keys, partNumber, salt: hex(salt) };
    return partByHand(suite, part, plaintexts[index] ?? Buffer.alloc(0));
  });
}

/** The stored bytes of an object: its parts, then the region. */
export function sealMultipart(object: PartsByHand): Buffer {
  const { suite, keys, parts, backendParts } = object;
  const sealed = Buffer.concat(sealedParts(object));
  const length = canonicalSize(sizeOf(parts), backendParts) - sealed.byteLength;
  const fields = manifestByHand(rawManifest(object));
  return Buffer.concat([sealed, regionByHand(suite, keys, { fields, length })]);
}

/** The stored bytes of a vector of an object in parts. */
export function multipartStoredOf(
  vector: MultipartVector,
  vectors: ReadonlyMap<string, MultipartVector>,
): Buffer {
  return storedBytesOf(vector, vectors, (object, under) => sealMultipart({ ...object, ...under }));
}
