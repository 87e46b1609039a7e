/** Opening the chunks of format 1: whole objects, and ranges that need no more than the chunks they touch (docs/format-1.md §6). */
import type { KeyObject } from "node:crypto";
import { Fault } from "../faults.ts";
import { type SuiteNumber, TAG_BYTES } from "../format/layout.ts";
import type { Body, Take } from "../http/body.ts";
import { openWhole } from "../sealing/legacy-aead.ts";
import type { NonceOf } from "./legacy-nonces.ts";

/** Chunks under one count of indexes: a chunked object, or one part of a multipart object. */
export interface ChunkRun {
  readonly plainBytes: number;
  readonly chunkBytes: number;
  readonly nonceOf: NonceOf;
}

/** Which stored bytes a range of plaintext needs, and how they open. */
export interface ChunkPlan {
  /** Stored bytes, `end` exclusive, from where the first run begins. */
  readonly stored: { readonly start: number; readonly end: number };
  /** Plaintext bytes of the first chunk that come before the range. */
  readonly skipBytes: number;
  readonly lengthBytes: number;
  readonly chunks: Iterable<{ readonly nonce: Buffer; readonly plainBytes: number }>;
}

/** Stored size of a run: a tag for each chunk. An empty run has none. */
export function storedBytesOf({ plainBytes, chunkBytes }: Omit<ChunkRun, "nonceOf">): number {
  return plainBytes + TAG_BYTES * Math.ceil(plainBytes / chunkBytes);
}

/** Plaintext size of `storedBytes` bytes of chunks; `crypto.integrity` where no plaintext has such a stored size. */
export function plainBytesOf(storedBytes: number, chunkBytes: number): number {
  const rest = storedBytes % (chunkBytes + TAG_BYTES);
  if (rest > 0 && rest <= TAG_BYTES) {
    throw new Fault("crypto.integrity", "stored object ends within a chunk");
  }
  return storedBytes - TAG_BYTES * Math.ceil(storedBytes / (chunkBytes + TAG_BYTES));
}

/** The plan for `length` bytes from `offset`, which must lie within the runs; a range of no bytes needs none. */
export function planChunks(
  runs: readonly ChunkRun[],
  { offset, length }: { readonly offset: number; readonly length: number },
): ChunkPlan {
  const touched = touchedChunks(runs, offset, offset + length);
  const [first] = touched;
  const last = touched.at(-1);
  const start = first ? first.storedStart : 0;
  return {
    stored: { start, end: last ? last.storedEnd : start },
    skipBytes: first ? offset - first.plainStart : 0,
    lengthBytes: length,
    chunks: chunksOf(touched),
  };
}

/** The chunks of one run that a range touches, as a span, so that an object of millions of chunks costs no list. */
interface Span {
  readonly run: ChunkRun;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly plainStart: number;
  readonly storedStart: number;
  readonly storedEnd: number;
}

function touchedChunks(runs: readonly ChunkRun[], start: number, end: number): Span[] {
  const spans: Span[] = [];
  let [plainAt, storedAt] = [0, 0];
  for (const run of runs) {
    const from = Math.max(start, plainAt) - plainAt;
    const to = Math.min(end, plainAt + run.plainBytes) - plainAt;
    if (from < to) {
      const firstIndex = Math.floor(from / run.chunkBytes);
      const lastIndex = Math.floor((to - 1) / run.chunkBytes);
      const stored = run.chunkBytes + TAG_BYTES;
      spans.push({
        run,
        firstIndex,
        lastIndex,
        plainStart: plainAt + firstIndex * run.chunkBytes,
        storedStart: storedAt + firstIndex * stored,
        storedEnd: storedAt + Math.min(storedBytesOf(run), (lastIndex + 1) * stored),
      });
    }
    plainAt += run.plainBytes;
    storedAt += storedBytesOf(run);
  }
  return spans;
}

function* chunksOf(spans: readonly Span[]) {
  for (const { run, firstIndex, lastIndex } of spans) {
    for (let index = firstIndex; index <= lastIndex; index += 1) {
      const plainBytes = Math.min(run.chunkBytes, run.plainBytes - index * run.chunkBytes);
      yield { nonce: run.nonceOf(index), plainBytes };
    }
  }
}

/**
 * The plaintext of a plan from the stored bytes it names. A chunk leaves only after its tag verified; the pump rejects with
 * `crypto.integrity` on a wrong tag and on bytes that are missing or left over.
 */
export function openChunks(
  stored: Body,
  plan: ChunkPlan,
  cipher: { readonly suite: SuiteNumber; readonly key: KeyObject },
): Body {
  return {
    pump: async (take) => {
      const opener = new ChunkOpener(plan, cipher, take);
      await stored.pump((piece) => opener.feed(piece));
      opener.finish();
    },
    destroy: (reason) => stored.destroy(reason),
  };
}

class ChunkOpener {
  readonly #chunks: Iterator<{ nonce: Buffer; plainBytes: number }>;
  readonly #cipher: { readonly suite: SuiteNumber; readonly key: KeyObject };
  readonly #take: Take;
  #chunk: { nonce: Buffer; plainBytes: number } | undefined;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #skipBytes: number;
  #bytesLeft: number;

  constructor(
    plan: ChunkPlan,
    cipher: { readonly suite: SuiteNumber; readonly key: KeyObject },
    take: Take,
  ) {
    this.#chunks = plan.chunks[Symbol.iterator]();
    this.#cipher = cipher;
    this.#take = take;
    this.#skipBytes = plan.skipBytes;
    this.#bytesLeft = plan.lengthBytes;
    this.#next();
  }

  feed(piece: Uint8Array): void | Promise<void> {
    let at = 0;
    while (at < piece.byteLength) {
      if (!this.#chunk) throw wrongLength();
      const missing = this.#chunk.plainBytes + TAG_BYTES - this.#gatheredBytes;
      const end = Math.min(piece.byteLength, at + missing);
      this.#gathered.push(piece.subarray(at, end));
      this.#gatheredBytes += end - at;
      at = end;
      if (this.#gatheredBytes < this.#chunk.plainBytes + TAG_BYTES) return;
      const taken = this.#open(this.#chunk);
      if (taken) return taken.then(() => this.feed(piece.subarray(at)));
    }
  }

  finish(): void {
    if (this.#chunk) throw wrongLength();
  }

  #open({ nonce }: { nonce: Buffer }): void | Promise<void> {
    const [only] = this.#gathered;
    const sealed = only && this.#gathered.length === 1 ? only : Buffer.concat(this.#gathered);
    const plain = openWhole(sealed, { ...this.#cipher, nonce });
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#next();
    const wanted = plain.subarray(this.#skipBytes, this.#skipBytes + this.#bytesLeft);
    this.#skipBytes = 0;
    this.#bytesLeft -= wanted.byteLength;
    return wanted.byteLength > 0 ? this.#take(wanted) : undefined;
  }

  #next(): void {
    const next = this.#chunks.next();
    this.#chunk = next.done ? undefined : next.value;
  }
}

function wrongLength(): Fault {
  return new Fault("crypto.integrity", "stored object does not have the size of its chunks");
}
