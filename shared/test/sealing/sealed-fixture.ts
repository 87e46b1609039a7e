/** What the sealing tests share: keys of a made-up object, and ways to feed a body in awkward pieces. */
import assert from "node:assert/strict";
import type { SuiteNumber } from "../../src/format/layout.ts";
import { type Body, bodyOfPieces } from "../../src/http/body.ts";
import { deriveObjectKeys, type ObjectKeys } from "../../src/sealing/object-keys.ts";
import { sealBody } from "../../src/sealing/seal.ts";

/** Keys of a fixed data key, for a single object unless the flags say otherwise. */
export function fixedKeys(suite: SuiteNumber = 1, flags = 0): ObjectKeys {
  const objectId = Buffer.alloc(32, 0x22);
  return deriveObjectKeys(Buffer.alloc(32, 0x11), { objectId, suite, flags });
}

/** Bytes that differ from chunk to chunk. */
export function plaintextOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 16) * 7 + (at >> 8)) & 0xff;
  return bytes;
}

/** A body of `bytes` in pieces of `pieceBytes`. */
export function inPieces(bytes: Uint8Array, pieceBytes: number): Body {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += pieceBytes)
    pieces.push(bytes.subarray(at, at + pieceBytes));
  return bodyOfPieces(pieces);
}

/** Everything a body gives, also when it rejects. */
export async function drain(body: Body): Promise<{ bytes: Buffer; error: unknown }> {
  const pieces: Buffer[] = [];
  let error: unknown;
  try {
    await body.pump((piece) => void pieces.push(Buffer.from(piece)));
  } catch (thrown) {
    error = thrown;
  }
  return { bytes: Buffer.concat(pieces), error };
}

/** The stored bytes of a plaintext. */
export async function sealed(plaintext: Buffer, suite: SuiteNumber = 1): Promise<Buffer> {
  const sealing = {
    keys: fixedKeys(suite),
    suite,
    size: plaintext.byteLength,
    trailer: () => ({}),
  };
  const { bytes, error } = await drain(sealBody(inPieces(plaintext, 65_536), sealing));
  assert.ifError(error);
  return bytes;
}
