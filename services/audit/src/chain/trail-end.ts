/** The end of a trail that an earlier process wrote: where the chain goes on after a crash, and which events it had taken. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { type Link, readLink } from "./chain.ts";
import type { ChainKey } from "./chain-key.ts";
import { filesOfTrail } from "./verify-trail.ts";

/** Read of each file, from its end: thousands of lines, and more than the longest one. */
const END_BYTES = 4 * 1024 * 1024;
/** The file written last, and the one it may have been rotated from a moment before. */
const FILES = 2;

/** What the end of a trail tells. */
export interface TrailEnd {
  /** The furthest line that verifies; undefined where none does. */
  readonly last: Link | undefined;
  /** `event_id` of lines that verify, oldest first. */
  readonly eventIds: readonly string[];
}

/**
 * Reads the end of the trail at `path`. Half a line at the end of a file is what a crash left of a write that nobody was told
 * of: it is cut off.
 */
export async function readTrailEnd(path: string, key: ChainKey): Promise<TrailEnd> {
  const files = await Promise.all(
    (await filesOfTrail(path)).map(async (file) => ({ file, at: (await stat(file)).mtimeMs })),
  );
  const latest = files
    .sort((a, b) => a.at - b.at)
    .slice(-FILES)
    .map(({ file }) => file);
  let last: Link | undefined;
  const eventIds: string[] = [];
  for (const file of latest) {
    for (const line of await lastLinesOf(file)) {
      const link = readLink(line, key);
      if (!link) continue;
      if (link.seq > (last?.seq ?? 0)) last = link;
      const [, id] = /[,{]"event_id":"([^"\\]+)"/.exec(line) ?? [];
      if (id !== undefined) eventIds.push(id);
    }
  }
  return { last, eventIds };
}

async function lastLinesOf(path: string): Promise<string[]> {
  await using file = await open(path, "r+");
  const { size } = await file.stat();
  const from = Math.max(0, size - END_BYTES);
  const text = (await bytesFrom(file, from, size - from)).toString("latin1");
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length && (whole > 0 || from === 0)) {
    await file.truncate(from + whole);
    await file.datasync();
  }
  return text.slice(0, whole).split("\n");
}

async function bytesFrom(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
