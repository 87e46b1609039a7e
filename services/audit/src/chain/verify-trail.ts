/** Verification of a trail: every way in which lines can be gone, changed or made up shows in the chain. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { GENESIS, type Link, readLink } from "./chain.ts";
import type { ChainKey } from "./chain-key.ts";

/** What is wrong with a trail. */
interface Finding {
  readonly kind: "altered" | "missing" | "repeated" | "forked" | "cut" | "headless";
  /** A sentence for a person. */
  readonly says: string;
}

/** What a trail was found to be. It verifies if nothing was found. */
export interface TrailReport {
  readonly files: readonly string[];
  /** Lines that verify. */
  readonly lines: number;
  readonly last: Link;
  readonly findings: readonly Finding[];
}

/** What a trail is held against. */
export interface Expected {
  /** How far the chain has come, by who wrote it; absent: it is not known, which is a finding. */
  readonly head: Link | undefined;
  /** Heads noted down before, somewhere else. */
  readonly noted?: readonly Link[];
  /** Number of the first line that must be there. Default 1. */
  readonly from?: number;
}

/** The file of a trail and those it was rotated into: `name` and `name.*` in its folder. */
export async function filesOfTrail(path: string): Promise<string[]> {
  const folder = dirname(path);
  const name = basename(path);
  const names = await readdir(folder);
  return names
    .filter((other) => other === name || other.startsWith(`${name}.`))
    .map((other) => join(folder, other));
}

/** Reads every line of `files`, in the order of the chain whatever their names. Memory is that of one line. */
export async function verifyTrail(
  files: readonly string[],
  key: ChainKey,
  expected: Expected,
): Promise<TrailReport> {
  const ordered = await inOrderOfChain(files, key);
  const reading = new Reading(key, expected);
  for (const file of ordered) {
    let number = 0;
    for await (const line of linesOf(file)) reading.take(line, `${file}:${++number}`);
  }
  return { files: ordered, ...reading.end() };
}

/** The trail so far. */
class Reading {
  readonly #key: ChainKey;
  readonly #expected: Expected;
  readonly #findings: Finding[] = [];
  readonly #heads: Map<number, Link>;
  #last: Link;
  /** True where the line before the first is not known: the trail is read from the middle. */
  #isFirst: boolean;
  /** Lines that do not verify, since the last one that does. */
  #altered = 0;
  #lines = 0;

  constructor(key: ChainKey, expected: Expected) {
    const { from = 1, head, noted = [] } = expected;
    this.#key = key;
    this.#expected = expected;
    this.#isFirst = from > 1;
    this.#last = { ...GENESIS, seq: from - 1 };
    this.#heads = new Map([...noted, ...(head ? [head] : [])].map((link) => [link.seq, link]));
  }

  take(line: string, where: string): void {
    const link = readLink(line, this.#key);
    if (!link) {
      this.#altered++;
      this.#find("altered", `${where}: is not as it was written`);
      return;
    }
    if (link.seq <= this.#last.seq) {
      this.#find("repeated", `${where}: line ${link.seq} of the chain, a second time`);
      return;
    }
    const missing = link.seq - this.#last.seq - 1 - this.#altered;
    if (missing > 0) this.#find("missing", `${where}: ${missing} lines before it are missing`);
    const isNext = link.seq === this.#last.seq + 1;
    if (isNext && !this.#isFirst && link.prev !== this.#last.mac) {
      this.#find("forked", `${where}: does not follow the line before it`);
    }
    const head = this.#heads.get(link.seq);
    if (head && head.mac !== link.mac) {
      this.#find("forked", `${where}: line ${link.seq} is not the one that was the head`);
    }
    this.#isFirst = false;
    this.#altered = 0;
    this.#last = link;
    this.#lines++;
  }

  end(): Omit<TrailReport, "files"> {
    const furthest = Math.max(...this.#heads.keys(), 0);
    const missing = furthest - this.#last.seq;
    if (missing > 0) this.#find("cut", `the last ${missing} lines are missing or altered`);
    if (!this.#expected.head) {
      this.#find(
        "headless",
        "there is no head: whether lines are gone from the end cannot be told",
      );
    }
    return { lines: this.#lines, last: this.#last, findings: this.#findings };
  }

  #find(kind: Finding["kind"], says: string): void {
    this.#findings.push({ kind, says });
  }
}

/** By the number of the first line that verifies; files without one come last. */
async function inOrderOfChain(files: readonly string[], key: ChainKey): Promise<string[]> {
  const placed: { file: string; seq: number }[] = [];
  for (const file of files) placed.push({ file, seq: await firstSeqOf(file, key) });
  return placed.sort((a, b) => a.seq - b.seq || a.file.localeCompare(b.file)).map((at) => at.file);
}

async function firstSeqOf(file: string, key: ChainKey): Promise<number> {
  for await (const line of linesOf(file)) {
    const link = readLink(line, key);
    if (link) return link.seq;
  }
  return Number.MAX_SAFE_INTEGER;
}

/** Lines without their newline, one character for each byte, so that a change of any byte is seen. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of createReadStream(file, { encoding: "latin1" })) {
    const lines = (rest + String(piece)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
