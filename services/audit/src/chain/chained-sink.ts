/** A sink whose lines are links of a chain: it goes on where the last process stopped, and keeps the head. */
import { mkdir } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Sink } from "../sinks/sink.ts";
import { GENESIS, type Link, linkLines } from "./chain.ts";
import type { ChainKey } from "./chain-key.ts";
import { readHead, writeHead } from "./head-file.ts";
import { readTrailEnd } from "./trail-end.ts";

/** How long the head may lag behind lines that can be read back. */
const HEAD_LAG_MS = 1000;

/** What a chained sink is made of. */
export interface ChainedSinkParts {
  readonly sink: Sink;
  readonly key: ChainKey;
  /** Where the head is kept. */
  readonly folder: string;
  /** The file the sink writes to; absent where what was written cannot be read back. */
  readonly path?: string;
  readonly log: Log;
}

/** Links lines and hands them to a sink. A write that fails leaves the chain where it was. */
export class ChainedSink {
  readonly #parts: ChainedSinkParts;
  /** `event_id` of the events that were written last, before this process. */
  readonly knownEvents: readonly string[];
  #last: Link;
  #head: Link;
  #headAtMs = 0;

  /** `config.invalid` where the kept head does not verify. */
  static async open(parts: ChainedSinkParts): Promise<ChainedSink> {
    const { folder, key, path, log } = parts;
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw new Fault("config.invalid", `audit: cannot use ${folder}`, { cause });
    });
    const head = await readHead(folder, key);
    const end = path === undefined ? undefined : await readTrailEnd(path, key);
    const written = end?.last ?? GENESIS;
    if (head && path !== undefined && written.seq < head.seq) {
      log.error(
        { expected: head.seq, found: written.seq },
        "audit lines are gone from the end of the trail; s3eg audit verify tells which",
      );
    }
    const last = head && head.seq > written.seq ? head : written;
    const chained = new ChainedSink(parts, { last, knownEvents: end?.eventIds ?? [] });
    // Before the first line: a trail without a head is never taken for a whole one.
    await chained.#keepHead();
    return chained;
  }

  private constructor(
    parts: ChainedSinkParts,
    { last, knownEvents }: { last: Link; knownEvents: readonly string[] },
  ) {
    this.#parts = parts;
    this.#last = last;
    this.#head = GENESIS;
    this.knownEvents = knownEvents;
  }

  /** Writes lines of JSON, in order. Called one at a time. */
  async write(lines: readonly string[]): Promise<void> {
    const { sink, key, path } = this.#parts;
    const { text, last } = linkLines(lines, this.#last, key);
    await sink.write(text);
    this.#last = last;
    // Where lines cannot be read back, the head alone knows which numbers were given away.
    if (path === undefined) await this.#keepHead();
    else if (Date.now() - this.#headAtMs > HEAD_LAG_MS) await this.#tryKeepHead();
  }

  /** Nothing is being written: brings the head up to the last line. */
  async settle(): Promise<void> {
    if (this.#head !== this.#last) await this.#keepHead();
  }

  /** The lines are safe: a head that cannot be written now is no reason to write them again. */
  async #tryKeepHead(): Promise<void> {
    try {
      await this.#keepHead();
    } catch (error) {
      this.#parts.log.error({ err: error }, "the head of the audit trail was not written");
    }
  }

  async #keepHead(): Promise<void> {
    const { folder, key } = this.#parts;
    const last = this.#last;
    await writeHead(folder, key, last);
    this.#head = last;
    this.#headAtMs = Date.now();
  }
}
