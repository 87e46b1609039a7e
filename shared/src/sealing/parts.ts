/** Sealing and opening the parts of a multipart object (format.md §7). */
import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { Fault } from "../faults.ts";
import { KEY_BYTES, type SuiteNumber, TAG_BYTES } from "../format/layout.ts";
import type { Manifest, ManifestPart } from "../format/manifest.ts";
import { type ChunkSpan, chunkSpanOf, sealedPartSizeOf } from "../format/sizes.ts";
import type { Body, Take } from "../http/body.ts";
import type { ObjectKeys } from "./object-keys.ts";
import { sealChunks } from "./seal.ts";
import { StoredReader } from "./stored-reader.ts";

/** Keys and suite of the upload, or of the object it became. */
interface Upload {
  readonly keys: ObjectKeys;
  readonly suite: SuiteNumber;
}

/** The stored bytes of one attempt at a part: `sealedPartSizeOf(size)` of them. `salt` is 16 fresh random bytes. */
export function sealPart(
  plaintext: Body,
  { keys, suite }: Upload,
  part: { partNumber: number; size: number; salt: Uint8Array },
): Body {
  return sealChunks(plaintext, { stream: { suite, key: partKey(keys, part) }, size: part.size });
}

/** A range of a multipart object's plaintext, laid over its stored bytes. */
export interface PartsSpan {
  /** Offset of the first stored byte needed, and how many from there on, without a gap. */
  readonly storedOffset: number;
  readonly storedLength: number;
  readonly pieces: readonly PartPiece[];
}

interface PartPiece {
  readonly part: ManifestPart;
  readonly span: ChunkSpan;
  readonly length: number;
}

/** The one chunk of an empty part: its tag. */
const EMPTY_SPAN: ChunkSpan = {
  firstChunk: 0,
  chunks: 1,
  storedOffset: 0,
  storedLength: TAG_BYTES,
  skip: 0,
};

/** The stored bytes that cover `length` plaintext bytes from `offset`; both lie within the object. An empty part between is read, too. */
export function partsSpanOf(
  { parts }: Manifest,
  { offset, length }: { offset: number; length: number },
): PartsSpan {
  const pieces: PartPiece[] = [];
  let plainAt = 0;
  let storedAt = 0;
  let first: number | undefined;
  let end = 0;
  let empty: PartPiece[] = [];
  for (const part of parts) {
    const from = Math.max(offset, plainAt);
    const to = Math.min(offset + length, plainAt + part.size);
    if (to > from) {
      const span = chunkSpanOf(from - plainAt, to - from, part.size);
      pieces.push(...empty, { part, span, length: to - from });
      empty = [];
      first ??= storedAt + span.storedOffset;
      end = storedAt + span.storedOffset + span.storedLength;
    }
    if (part.size === 0 && first !== undefined) empty.push({ part, span: EMPTY_SPAN, length: 0 });
    plainAt += part.size;
    storedAt += sealedPartSizeOf(part.size);
  }
  return { storedOffset: first ?? 0, storedLength: end - (first ?? 0), pieces };
}

/**
 * The plaintext of a span. `stored` gives `lead` bytes to drop, exactly the span's stored bytes, then `surplus` bytes to drop.
 * Chunks between two parts' borders can't be mixed: each part has its own key.
 */
export function openParts(
  stored: Body,
  { keys, suite }: Upload,
  { span, lead, surplus }: { span: PartsSpan; lead: number; surplus: number },
): Body {
  return {
    async pump(take) {
      const reader = new PartsReader(
        span,
        ({ part }) => ({ suite, key: partKey(keys, part) }),
        take,
      );
      const pump = stored.pumpBorrowed?.bind(stored) ?? stored.pump.bind(stored);
      let at = 0;
      const end = lead + span.storedLength;
      await pump((piece) => {
        const from = Math.max(0, lead - at);
        const wanted = piece.subarray(from, Math.max(from, end - at));
        at += piece.byteLength;
        if (at > end + surplus)
          throw new Fault("crypto.integrity", "more bytes came than were asked for");
        return wanted.byteLength > 0 ? reader.push(wanted) : undefined;
      });
      if (at !== end + surplus) throw new Fault("crypto.integrity", "stored object is cut short");
      await reader.end();
    },
    destroy: (reason) => stored.destroy(reason),
  };
}

/** Hands the stored bytes to one reader per part. */
class PartsReader {
  readonly #pieces: readonly PartPiece[];
  readonly #streamOf: (piece: PartPiece) => { suite: SuiteNumber; key: KeyObject };
  readonly #take: Take;
  #index = 0;
  #left = 0;
  #reader: StoredReader | undefined;

  constructor(
    { pieces }: PartsSpan,
    streamOf: (piece: PartPiece) => { suite: SuiteNumber; key: KeyObject },
    take: Take,
  ) {
    this.#pieces = pieces;
    this.#streamOf = streamOf;
    this.#take = take;
  }

  push(bytes: Uint8Array): void | Promise<void> {
    const own = bytes.subarray(0, this.#open());
    this.#left -= own.byteLength;
    const taken = this.#reader?.push(own);
    const rest = bytes.subarray(own.byteLength);
    if (this.#left > 0) return taken;
    return this.#close(taken, rest);
  }

  /** Every part must have come to its end. */
  async end(): Promise<void> {
    if (this.#left > 0 || this.#index < this.#pieces.length) {
      throw new Fault("crypto.integrity", "stored object is cut short");
    }
    await Promise.resolve();
  }

  /** Stored bytes the open part still takes; opens the next part when none is open. */
  #open(): number {
    if (this.#reader) return this.#left;
    const piece = this.#pieces[this.#index];
    if (!piece)
      throw new Fault("crypto.integrity", "stored object is longer than its manifest says");
    const { part, span, length } = piece;
    this.#reader = new StoredReader(
      { stream: this.#streamOf(piece), size: part.size, range: { span, length } },
      this.#take,
    );
    this.#left = span.storedLength;
    return this.#left;
  }

  async #close(taken: void | Promise<void>, rest: Uint8Array): Promise<void> {
    await taken;
    await this.#reader?.end();
    this.#reader = undefined;
    this.#index += 1;
    if (rest.byteLength > 0) await this.push(rest);
  }
}

function partKey(
  keys: ObjectKeys,
  { partNumber, salt }: { partNumber: number; salt: Uint8Array },
): KeyObject {
  const info = Buffer.alloc(15);
  info.write("s3eg/2/part");
  info.writeUInt32BE(partNumber, 11);
  const derived = Buffer.from(hkdfSync("sha256", keys.dataKey, salt, info, KEY_BYTES));
  const key = createSecretKey(derived);
  derived.fill(0);
  return key;
}
