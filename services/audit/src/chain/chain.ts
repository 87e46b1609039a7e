/** The chain of lines: each carries its number, the code of the line before it, and a code over all of itself (docs/audit.md). */
import type { ChainKey } from "./chain-key.ts";

/** A place in the chain: the number of a line, and its code in hex. */
export interface Link {
  readonly seq: number;
  readonly mac: string;
}

/** Before the first line. */
export const GENESIS: Link = { seq: 0, mac: "0".repeat(64) };

const CODED = /^(\{.*),"mac":"([0-9a-f]{64})"\}$/s;
const PLACED = /,"seq":([1-9]\d{0,15}),"prev":"([0-9a-f]{64})"$/;

/** Appends the fields `seq`, `prev` and `mac` to each line (JSON object and newline). Returns the text, and the place of its last line. */
export function linkLines(
  lines: readonly string[],
  previous: Link,
  key: ChainKey,
): { text: string; last: Link } {
  let last = previous;
  let text = "";
  for (const line of lines) {
    const seq = last.seq + 1;
    const open = line.slice(0, line.lastIndexOf("}"));
    const covered = `${open},"seq":${seq},"prev":"${last.mac}"`;
    const mac = key.ofLine(Buffer.from(covered).toString("latin1"));
    text += `${covered},"mac":"${mac}"}\n`;
    last = { seq, mac };
  }
  return { text, last };
}

/** A line as it is read back. */
export interface ReadLink extends Link {
  /** Code of the line before. */
  readonly prev: string;
}

/** The place of a line without its newline, one character for each byte; undefined if it is not, to the byte, as it was written. */
export function readLink(line: string, key: ChainKey): ReadLink | undefined {
  const [, covered = "", mac = ""] = CODED.exec(line) ?? [];
  const [, seq, prev = ""] = PLACED.exec(covered) ?? [];
  // The code is no secret of the reader's: who verifies holds the key, and nobody measures how long it takes.
  if (seq === undefined || key.ofLine(covered) !== mac) return undefined;
  return { seq: Number(seq), prev, mac };
}
