/** Opening a stored body: stored bytes in, verified plaintext out (format.md §8). */
import { Fault } from "../faults.ts";
import type { SuiteNumber } from "../format/layout.ts";
import type { ChunkSpan } from "../format/sizes.ts";
import { decodeTrailer, type Trailer } from "../format/trailer.ts";
import type { Body, Take } from "../http/body.ts";
import { openOnce } from "./aead.ts";
import type { ObjectKeys } from "./object-keys.ts";
import { StoredReader } from "./stored-reader.ts";

/** What opening needs besides the stored bytes. All sizes come from the authenticated header. */
export interface Opening {
  readonly keys: ObjectKeys;
  readonly suite: SuiteNumber;
  /** Plaintext bytes of the whole object. */
  readonly size: number;
  /** Absent: the stored bytes are the whole object, trailer included. */
  readonly range?: OpenedRange;
}

/** A range of the plaintext, and how the stored bytes at hand lie around the chunks that cover it. */
export interface OpenedRange {
  readonly span: ChunkSpan;
  /** Plaintext bytes wanted, from `span.skip` in the first chunk on. */
  readonly length: number;
  /** Stored bytes before the span and after it, to be dropped. */
  readonly lead: number;
  readonly surplus: number;
}

/**
 * The plaintext of a stored body. A chunk leaves only after its tag verified; of a whole object the last chunk leaves only after
 * the trailer verified, is well-formed, and the stored bytes ended exactly there. Every deviation rejects with `crypto.integrity`.
 */
export function openBody(stored: Body, opening: Opening): Body {
  return {
    async pump(take) {
      const { keys, suite, size, range } = opening;
      const stream = { suite, key: keys.dataKey };
      const reader = new StoredReader(
        range
          ? { stream, size, range }
          : { stream, size, checkTrailer: (sealed) => openTrailer(opening, sealed) },
        take,
      );
      const source = opening.range ? cutOut(stored, opening.range) : stored;
      const pump = source.pumpBorrowed?.bind(source) ?? source.pump.bind(source);
      await pump((piece) => reader.push(piece));
      await reader.end();
    },
    destroy: (reason) => stored.destroy(reason),
  };
}

/** What the stored trailer of an object says, once it verified; anything else is `crypto.integrity` (format.md §6). */
export function openTrailer(
  { keys, suite }: Pick<Opening, "keys" | "suite">,
  stored: Uint8Array,
): Trailer {
  return decodeTrailer(openOnce({ suite, key: keys.trailerKey }, stored));
}

/** The stored bytes of the span alone: drops `lead` bytes before and exactly `surplus` bytes after. */
function cutOut(stored: Body, { lead, span, surplus }: OpenedRange): Body {
  const end = lead + span.storedLength;
  const pump = stored.pumpBorrowed?.bind(stored) ?? stored.pump.bind(stored);
  const clipped = async (take: Take) => {
    let at = 0;
    await pump((piece) => {
      const from = Math.max(0, lead - at);
      const wanted = piece.subarray(from, Math.max(from, end - at));
      at += piece.byteLength;
      if (at > end + surplus)
        throw new Fault("crypto.integrity", "more bytes came than were asked for");
      return wanted.byteLength > 0 ? take(wanted) : undefined;
    });
    if (at !== end + surplus) throw truncated();
  };
  return { pump: clipped, pumpBorrowed: clipped, destroy: (reason) => stored.destroy(reason) };
}

function truncated(): Fault {
  return new Fault("crypto.integrity", "stored object is cut short");
}
