/** The checksums S3 knows, and a body that ends only if they agree. The one door to the checksum libraries. */
import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import { createCRC32, createCRC64 } from "hash-wasm";
import { Fault } from "../faults.ts";
import type { Body } from "../http/body.ts";

/** The algorithms, by the last part of S3's header names (`x-amz-checksum-…`), and MD5. */
export type DigestAlgorithm = "md5" | "sha1" | "sha256" | "crc32" | "crc32c" | "crc64nvme";

/** A digest being computed. */
interface Digest {
  update(piece: Uint8Array): void;
  /** The digest of all pieces, CRCs in big-endian as S3 sends them. Call it once, last. */
  digest(): Buffer;
}

// Reflected, as hash-wasm wants them.
const NVME_POLYNOMIAL = "9a6c9329ac4bc9b5";
const CASTAGNOLI_POLYNOMIAL = 0x82f63b78;

/** Starts a digest. */
export type CreateDigest = (algorithm: DigestAlgorithm) => Digest;

/**
 * Loads what the CRCs need and gives the function that starts digests. `createDigest` below is the one to use; this is its maker,
 * apart so that the slower code which stands in for a missing native addon can be had too.
 */
export async function prepareChecksums(
  loadNative: () => Promise<NativeCrc> = () => import("@node-rs/crc32"),
): Promise<CreateDigest> {
  const native = await loadNative().catch(() => undefined);
  const crc64 = await createCRC64(NVME_POLYNOMIAL);
  const crc32c = native ? undefined : await createCRC32(CASTAGNOLI_POLYNOMIAL);
  return (algorithm) => {
    switch (algorithm) {
      case "md5":
      case "sha1":
      case "sha256":
        return createHash(algorithm);
      case "crc32":
        return crc32Digest(native?.crc32 ?? zlibCrc32);
      case "crc32c":
        return crc32c ? wasmDigest(crc32c) : crc32Digest((native as NativeCrc).crc32c);
      case "crc64nvme":
        return wasmDigest(crc64);
    }
  };
}

/** Starts a digest. The CRC code is loaded with this module, so that nobody can forget to prepare it; it keeps no state. */
export const createDigest: CreateDigest = await prepareChecksums();

/** Something a body must agree with: `verify` gets the digest of the whole body and throws if it is not right. */
export interface BodyCheck {
  readonly digest: Digest;
  verify(actual: Buffer): void;
}

/**
 * The same body, which ends properly only if it is exactly `sizeBytes` long (when given; else `input.incomplete-body`) and every
 * check passes. A body that is too long is given up at once.
 */
export function checkedBody(body: Body, checks: readonly BodyCheck[], sizeBytes?: number): Body {
  return {
    async pump(take) {
      let size = 0;
      await body.pump((piece) => {
        size += piece.byteLength;
        if (sizeBytes !== undefined && size > sizeBytes) throw wrongSize(sizeBytes, size);
        for (const check of checks) check.digest.update(piece);
        return take(piece);
      });
      if (sizeBytes !== undefined && size !== sizeBytes) throw wrongSize(sizeBytes, size);
      for (const check of checks) check.verify(check.digest.digest());
    },
    destroy: (reason) => body.destroy(reason),
  };
}

/** What is used of `@node-rs/crc32`. */
export interface NativeCrc {
  crc32(piece: Uint8Array, state?: number): number;
  crc32c(piece: Uint8Array, state?: number): number;
}

function crc32Digest(crc: (piece: Uint8Array, state: number) => number): Digest {
  let state = 0;
  return {
    update(piece) {
      state = crc(piece, state);
    },
    digest() {
      const digest = Buffer.allocUnsafe(4);
      digest.writeUInt32BE(state);
      return digest;
    },
  };
}

/** Instances are made asynchronously but are 12 bytes of state, so all digests share one and put their state in before each piece. */
function wasmDigest(engine: Awaited<ReturnType<typeof createCRC64>>): Digest {
  let state = engine.init().save();
  return {
    update(piece) {
      engine.load(state).update(piece);
      state = engine.save();
    },
    digest() {
      return Buffer.from(engine.load(state).digest("binary"));
    },
  };
}

function wrongSize(expectedBytes: number, receivedBytes: number): Fault {
  return new Fault("input.incomplete-body", "body does not have the length announced", {
    details: { expectedBytes, receivedBytes },
  });
}
