/** The frozen vectors of format 2 (test/vectors/README.md): their form, and how the bytes of one are had. */
import { readdirSync, readFileSync } from "node:fs";
import {
  type keysByHand,
  patternByHand,
  sealedTrailerByHand,
  sha256,
  storedByHand,
  trailerByHand,
} from "./format-by-hand.ts";

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
  const files = readdirSync(VECTORS).filter((file) => file.endsWith(".json"));
  return new Map(
    files.sort().map((file) => {
      const text = readFileSync(new URL(file, VECTORS), "utf8");
      return [file.slice(0, -".json".length), JSON.parse(text) as FormatVector];
    }),
  );
}

const ALGORITHM_NUMBERS = { crc32: 1, crc32c: 2, crc64nvme: 3, sha1: 4, sha256: 5 } as const;

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
  readonly keys: ReturnType<typeof keysByHand>;
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
