/** Looks for secrets in the memory of a running process, as a debugger or a core dump would show it. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { type Spellings, spellingsFinder } from "./spellings.ts";

const PIECE_BYTES = 8 * 1024 * 1024;
/** More than the longest spelling, so that none is missed between two pieces. */
const OVERLAP_BYTES = 256;

/** What a scan saw. */
export interface MemoryScan {
  readonly scannedBytes: number;
  /** Names of the spellings that were found. */
  readonly found: ReadonlySet<string>;
}

interface Region {
  readonly start: number;
  readonly end: number;
}

/**
 * Scans every readable region of a process that one may trace (an own child, or any as root). Pages that were never touched
 * read as zeros; what the kernel does not hand out (its own pages, mapped devices) is left out.
 */
export async function scanMemory(pid: number, spellings: Spellings): Promise<MemoryScan> {
  const regions = readableRegions(await readFile(`/proc/${pid}/maps`, "utf8"));
  await using memory = await open(`/proc/${pid}/mem`, "r");
  const spellingsIn = spellingsFinder(spellings);
  const found = new Set<string>();
  let scannedBytes = 0;
  for (const region of regions) {
    for await (const piece of piecesOf(memory, region)) {
      scannedBytes += piece.byteLength;
      for (const name of spellingsIn(piece)) found.add(name);
    }
  }
  return { scannedBytes, found };
}

/** Regions of /proc/PID/maps with the right to read; of the kernel's own only `[heap]` and `[stack]` hold what a program wrote. */
function readableRegions(maps: string): Region[] {
  return maps.split("\n").flatMap((line) => {
    const [, start = "", end = "", name = ""] =
      /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)$/.exec(line) ?? [];
    const isKernels = name === "[vsyscall]" || name === "[vvar]" || name.startsWith("[vvar_");
    if (start === "" || isKernels) return [];
    return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }];
  });
}

async function* piecesOf(memory: FileHandle, { start, end }: Region): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES + OVERLAP_BYTES, end - at);
    const piece = Buffer.allocUnsafe(length);
    // A region that went away meanwhile cannot be read: what was in it moved or is gone.
    const { bytesRead } = await memory
      .read(piece, 0, length, at)
      .catch(() => ({ bytesRead: 0 }) as const);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
  }
}
