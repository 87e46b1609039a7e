/** The frozen vectors of format 2 (test/vectors/README.md): their form, and how the bytes of one are had. */
import {
  keysByHand,
  patternByHand,
  type RawKeys,
  sealedTrailerByHand,
  sha256,
  storedByHand,
  trailerByHand,
} from "./format-by-hand.ts";
import { readVectorFiles } from "./vector-files.ts";

/** Where the vectors lie. */
export const VECTORS = new URL("./vectors/format-2/", import.meta.url);

/** Facts of a trailer, as the format numbers them; values in hex. */
export interface VectorTrailer {
  readonly md5?: string;
  readonly checksum?: {
    readonly algorithm: "crc32" | "crc32c" | "crc64nvme" | "sha1" | "sha256";
    readonly type: "FULL_OBJECT" | "COMPOSITE";
    readonly value: string;
  };
}

/** How the stored bytes are had where they are too long to be written down. */
export type StoredSource =
  /** Written down. */
  | { readonly base64: string }
  /** Sealed by hand from the vector's own data key, header, plaintext and trailer. */
  | { readonly sealed: true }
  /** Made from the stored bytes of another vector: slices of it one after the other, then a flipped lowest bit, then more bytes. */
  | {
      readonly from: string;
      readonly slices?: readonly (readonly [start: number, end: number])[];
      readonly flip?: number;
      readonly append?: string;
    };

/** One vector. All binary values are hex, sizes are bytes. */
export interface FormatVector {
  readonly description: string;
  /** Section of docs/format.md that decides. */
  readonly section: string;
  readonly expect: "success" | "header failure" | "wrong key" | "payload failure";
  /** The check that refuses it. */
  readonly failsAt?: "parse" | "envelope" | "commitment" | "mac" | "body" | "trailer";
  /** Plaintext bytes that a reader which releases chunk by chunk has released at most when a whole read fails (format.md §8). */
  readonly releasedBytes?: number;
  /** Key-encryption key of the header's envelope; absent where the envelope is not made by the AES provider. */
  readonly kek?: string;
  readonly dataKey: string;
  readonly place: { readonly bucket: string; readonly key: string };
  /** Value of x-amz-meta-s3eg. */
  readonly header: string;
  readonly plaintext: { readonly bytes: number; readonly sha256: string };
  readonly trailer: VectorTrailer;
  readonly stored: { readonly bytes: number; readonly sha256: string } & StoredSource;
}

/** Every vector by its file name without `.json`. */
export function readVectors(): ReadonlyMap<string, FormatVector> {
  return readVectorFiles(VECTORS);
}

/** The format's numbers of checksum algorithms. */
export const ALGORITHM_NUMBERS = { crc32: 1, crc32c: 2, crc64nvme: 3, sha1: 4, sha256: 5 } as const;

/** The 112 bytes of a vector's trailer. */
export function trailerBytes({ md5, checksum }: VectorTrailer): Buffer {
  return trailerByHand({
    has: (md5 === undefined ? 0 : 1) | (checksum === undefined ? 0 : 2),
    ...(md5 === undefined ? {} : { md5: Buffer.from(md5, "hex") }),
    ...(checksum === undefined
      ? {}
      : {
          algorithm: ALGORITHM_NUMBERS[checksum.algorithm],
          type: checksum.type === "FULL_OBJECT" ? 1 : 2,
          checksum: Buffer.from(checksum.value, "hex"),
        }),
  });
}

/** What has to be known of an object to seal it by hand. */
export interface SealedByHand {
  readonly suite: number;
  readonly keys: RawKeys;
  readonly size: number;
  readonly trailer: Buffer;
}

/** The stored bytes of an object whose plaintext is the pattern. */
export function sealPattern({ suite, keys, size, trailer }: SealedByHand): Buffer {
  return storedByHand(suite, keys, { plaintext: patternByHand(size), trailer });
}

/** The stored bytes of an object with another trailer in the place of its own. */
export function withTrailer(
  stored: Buffer,
  { suite, keys }: Pick<SealedByHand, "suite" | "keys">,
  trailer: Buffer,
): Buffer {
  return Buffer.concat([stored.subarray(0, -128), sealedTrailerByHand(suite, keys, trailer)]);
}

/** What the stored bytes of any vector follow from. */
type Stored = Pick<FormatVector, "dataKey" | "header" | "stored">;

/** The stored bytes of a vector, out of all vectors: some are edits of another's, long ones are sealed anew by `seal`. */
export function storedBytesOf<Vector extends Stored>(
  vector: Vector,
  vectors: ReadonlyMap<string, Vector>,
  seal: (vector: Vector, under: Pick<SealedByHand, "suite" | "keys">) => Buffer,
): Buffer {
  const { stored } = vector;
  if ("base64" in stored) return Buffer.from(stored.base64, "base64");
  if ("from" in stored) {
    const base = vectors.get(stored.from);
    if (!base) throw new Error(`no vector ${stored.from}`);
    return edited(storedBytesOf(base, vectors, seal), stored);
  }
  const header = Buffer.from(vector.header, "base64url");
  const [, suite = 0, flags = 0] = header;
  const object = { objectId: header.subarray(3, 35), suite, flags };
  return seal(vector, { suite, keys: keysByHand(Buffer.from(vector.dataKey, "hex"), object) });
}

/** The stored bytes of a vector of an object in one piece. */
export function storedOf(vector: FormatVector, vectors: ReadonlyMap<string, FormatVector>): Buffer {
  return storedBytesOf(vector, vectors, ({ plaintext: { bytes: size }, trailer }, under) =>
    sealPattern({ ...under, size, trailer: trailerBytes(trailer) }),
  );
}

/** `base` with the edits of a source applied. */
export function edited(base: Buffer, source: Extract<StoredSource, { from: string }>): Buffer {
  const { slices = [[0, base.byteLength]], flip, append = "" } = source;
  const bytes = Buffer.concat([
    ...slices.map(([start, end]) => base.subarray(start, end)),
    Buffer.from(append, "hex"),
  ]);
  if (flip !== undefined) bytes.writeUInt8(bytes.readUInt8(flip) ^ 1, flip);
  return bytes;
}

/** Size and digest, as vectors state them. */
export function measured(bytes: Uint8Array): { bytes: number; sha256: string } {
  return { bytes: bytes.byteLength, sha256: sha256(bytes).toString("hex") };
}
