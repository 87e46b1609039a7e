/** Where the manifest of an upload goes: behind its parked last part, or into one more part (format.md §7, "Where the region goes"). */
import type { PartAttempt } from "../multipart-state/multipart-state.ts";
import { invalidPart } from "./select-parts.ts";

/** The backend's part that the region is in. */
export interface RegionPlace {
  readonly partNumber: number;
  /** Parts of the object on the backend. */
  readonly partCount: number;
  /** True where the region follows the ciphertext of the parked last part. */
  readonly isJoined: boolean;
}

const MAX_PART_NUMBER = 10_000;

/**
 * The place of the region of an object of `parts`. A part of its own gets a number that no attempt of the upload has, as long as there
 * is one: a Complete that the backend refuses must not have cost the client a part. `InvalidPart` where no number is left.
 */
export function regionPlaceOf(
  parts: readonly PartAttempt[],
  attempts: readonly PartAttempt[],
): RegionPlace {
  const last = parts.at(-1);
  if (!last) throw invalidPart();
  const { partNumber } = last;
  if (last.isParked) return { partNumber, partCount: parts.length, isJoined: true };
  if (partNumber === MAX_PART_NUMBER) throw invalidPart();
  return {
    partNumber: freeNumberAfter(partNumber, attempts),
    partCount: parts.length + 1,
    isJoined: false,
  };
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
