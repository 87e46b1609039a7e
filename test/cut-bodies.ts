/** Bodies that come in pieces, as vectors are read: cut in every way that matters, and what of them is released. */
import assert from "node:assert/strict";
import { isFault } from "../shared/src/faults.ts";
import { type Body, bodyOfPieces } from "../shared/src/http/body.ts";
import { patternByHand, SEALED_CHUNK } from "./format-by-hand.ts";

/** Where a body is cut: nowhere, in pieces that fit nothing, and byte by byte (of a long one: around its ends and chunk borders). */
const WAYS: Readonly<Record<string, (bytes: Buffer) => number[]>> = {
  whole: () => [],
  "in odd pieces": oddCuts,
  "byte by byte": ({ byteLength }) => {
    const isNear = (at: number) => at < 300 || at > byteLength - 600 || near(at % SEALED_CHUNK);
    return every(1, byteLength).filter((at) => byteLength < 2000 || isNear(at));
  },
};

/** The bytes as a body, cut at these offsets. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Body {
  const ends = [...cuts.filter((at) => at > 0), bytes.byteLength];
  return bodyOfPieces(ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)));
}

/** The bytes as a body in odd pieces. */
export function inOddPieces(bytes: Buffer): Body {
  return cutAt(bytes, oddCuts(bytes));
}

/** What a body released, and how it failed if it did. */
export async function drain(body: Body): Promise<{ bytes: Buffer; error: unknown }> {
  const pieces: Buffer[] = [];
  const error: unknown = await body
    .pump((piece) => void pieces.push(Buffer.from(piece)))
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  return { bytes: Buffer.concat(pieces), error };
}

/** True for the refusal of what does not verify. */
export const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");

/** Reads the stored bytes in every way: each releases all of the pattern. */
export async function assertOpens(
  stored: Buffer,
  { bytes: size }: { bytes: number },
  open: (body: Body) => Body,
): Promise<void> {
  for (const [way, cutsOf] of Object.entries(WAYS)) {
    const { bytes, error } = await drain(open(cutAt(stored, cutsOf(stored))));
    assert.equal(error, undefined, way);
    assert.ok(bytes.equals(patternByHand(size)), way);
  }
}

/** Reads the stored bytes in every way: each is refused and releases a beginning of the pattern, byte by byte all of what it may. */
export async function assertRefuses(
  stored: Buffer,
  { plaintext, releasedBytes = 0 }: { plaintext: { bytes: number }; releasedBytes?: number },
  open: (body: Body) => Body,
): Promise<void> {
  for (const [way, cutsOf] of Object.entries(WAYS)) {
    const { bytes, error } = await drain(open(cutAt(stored, cutsOf(stored))));
    assert.ok(isIntegrity(error), `${way}: ${String(error)}`);
    assert.ok(bytes.equals(patternByHand(plaintext.bytes).subarray(0, bytes.byteLength)), way);
    assert.ok(bytes.byteLength <= releasedBytes, way);
    if (way === "byte by byte") assert.equal(bytes.byteLength, releasedBytes);
  }
}

function oddCuts({ byteLength }: Buffer): number[] {
  return every(4099, byteLength);
}

function every(step: number, length: number): number[] {
  return Array.from({ length: Math.floor(length / step) }, (_, index) => index * step);
}

function near(offset: number): boolean {
  return offset < 80 || offset > SEALED_CHUNK - 40;
}
