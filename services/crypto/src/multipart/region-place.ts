/** Where the manifest of an upload goes: behind its parked last part, into one more part, or beside the object (format.md §7). */
import type { PartAttempt } from "../multipart-state/multipart-state.ts";
import { invalidPart } from "./select-parts.ts";

/** Where the region is. */
export interface RegionPlace {
  /** `joined`: behind the ciphertext of the parked last part; `beside`: in a companion. */
  readonly kind: "joined" | "own" | "beside";
  /** The backend's part that it is in; of no meaning for a companion. */
  readonly partNumber: number;
  /** Parts of the object on the backend. */
  readonly partCount: number;
}

const MAX_PART_NUMBER = 10_000;

/**
 * The place of the region of an object of `parts`. A part of its own gets a number that no attempt of the upload has, as long as there
 * is one: a Complete that the backend refuses must not have cost the client a part. Where no number is left there is a companion, if
 * the object has all ten thousand parts (so that its readers know), else `InvalidPart`. `isBeside`: the upload has one in any case.
 */
export function regionPlaceOf(
  parts: readonly PartAttempt[],
  attempts: readonly PartAttempt[],
  isBeside = false,
): RegionPlace {
  const last = parts.at(-1);
  if (!last) throw invalidPart();
  const { partNumber } = last;
  const partCount = parts.length;
  if (isBeside) return { kind: "beside", partNumber, partCount };
  if (last.isParked) return { kind: "joined", partNumber, partCount };
  if (partNumber === MAX_PART_NUMBER) {
    if (partCount === MAX_PART_NUMBER) return { kind: "beside", partNumber, partCount };
    throw invalidPart();
  }
  const free = freeNumberAfter(partNumber, attempts);
  return { kind: "own", partNumber: free, partCount: partCount + 1 };
}

function freeNumberAfter(last: number, attempts: readonly PartAttempt[]): number {
  const taken = new Set(attempts.map(({ partNumber }) => partNumber));
  const above = Math.max(last, ...taken) + 1;
  if (above <= MAX_PART_NUMBER) return above;
  for (let number = last + 1; number <= MAX_PART_NUMBER; number += 1) {
    if (!taken.has(number)) return number;
  }
  // All are taken by parts that the client has not named, and so gives up.
  return last + 1;
}
