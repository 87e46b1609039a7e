/** Plaintexts and sizes for tests of the whole gateway. */

/** Plaintext bytes of a chunk (docs/format.md). */
export const C = 65_536;

/** Sizes at which something begins or ends. */
export const SIZES = [0, 1, C - 1, C, C + 1, 2 * C + 1, 5 * 1024 * 1024 + 3] as const;

/** Bytes of which no two chunks are alike, and other ones for another `seed`. */
export function plaintextOf(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = (seed * 2_654_435_761) >>> 0;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
