/** The lines on disk that a receiver has not taken yet: files of the trail, read in order from a mark that outlives the process. */
import { open, readFile, rename, stat, unlink } from "node:fs/promises";
import { filesOfTrail } from "../chain/verify-trail.ts";

/** Lines that follow each other in one file. */
export interface Batch {
  /** JSON objects, without newlines. */
  readonly lines: readonly string[];
  /** Code of the last one in the chain, which no other line has. */
  readonly mac: string;
  /** Where the file is read on. */
  readonly end: Place;
}

/** A place in a file; a file that is rotated keeps its inode. */
interface Place {
  readonly inode: number;
  readonly offset: number;
}

/** Which files. */
export interface SpoolOptions {
  /** File that lines are appended to, by the file sink; rotated ones lie beside it as `path.TIME`. */
  readonly path: string;
  /** File of the mark: code of the last line that was taken. */
  readonly markPath: string;
}

const NOWHERE: Place = { inode: 0, offset: 0 };

/** Reads what is behind the mark, and removes rotated files that are before it. One reader at a time. */
export class Spool {
  readonly #options: SpoolOptions;
  #place = NOWHERE;

  /** A mark that can't be read, or found, means that lines are sent again, never that they are not. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    const text = await readFile(options.markPath, "latin1").catch(() => "");
    const [, mac] = /^([0-9a-f]{64})\n$/.exec(text) ?? [];
    if (mac !== undefined) await spool.#goBehind(mac);
    return spool;
  }

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  async #goBehind(mac: string): Promise<void> {
    const end = `"mac":"${mac}"}\n`;
    for (const path of await this.#files()) {
      await using file = await open(path, "r");
      const at = (await file.readFile()).indexOf(end);
      if (at < 0) continue;
      this.#place = { inode: (await file.stat()).ino, offset: at + end.length };
      return;
    }
  }

  /** Bytes that were not taken yet. */
  async sizeBytes(): Promise<number> {
    const { inode, offset } = this.#place;
    const sizes = (await this.#files()).map(async (file) => {
      // It may have been taken and removed since.
      return await stat(file).then(
        ({ ino, size }) => (ino === inode ? Math.max(0, size - offset) : size),
        () => 0,
      );
    });
    return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
  }

  /** The next lines that were not taken: `count` at most, and of more than one `maxBytes` at most; undefined where there is none. */
  async next(limits: { count: number; maxBytes: number }): Promise<Batch | undefined> {
    for (;;) {
      const files = await this.#files();
      const batch = await this.#nextOf(files, limits);
      // A file that was rotated meanwhile may have been read under the name of its successor, which must wait.
      if ((await this.#files()).every((file) => files.includes(file))) return batch;
    }
  }

  async #nextOf(
    files: readonly string[],
    limits: { count: number; maxBytes: number },
  ): Promise<Batch | undefined> {
    for (const file of files) {
      const batch = await this.#read(file, limits);
      if (batch) return batch;
      if (file === this.#options.path) continue;
      await unlink(file);
      // Its inode may be that of another file next.
      this.#place = NOWHERE;
    }
    return undefined;
  }

  /** The receiver has them. */
  async taken({ mac, end }: Batch): Promise<void> {
    this.#place = end;
    const { markPath } = this.#options;
    {
      await using file = await open(`${markPath}.new`, "w", 0o600);
      await file.writeFile(`${mac}\n`);
      await file.datasync();
    }
    await rename(`${markPath}.new`, markPath);
  }

  async #read(
    path: string,
    { count, maxBytes }: { count: number; maxBytes: number },
  ): Promise<Batch | undefined> {
    await using file = await open(path, "r");
    const { ino: inode } = await file.stat();
    let offset = inode === this.#place.inode ? this.#place.offset : 0;
    const unread = await readFrom(file, offset);
    const lines: string[] = [];
    let [bytes, last] = [0, ""];
    // Half a line at the end is one that is being written.
    for (let at = 0, end = unread.indexOf(0x0a); end >= 0; end = unread.indexOf(0x0a, at)) {
      const line = unread.subarray(at, end).toString();
      const mac = codeOf(line);
      if (mac !== undefined) {
        bytes += end - at;
        if (lines.length === count || (lines.length > 0 && bytes > maxBytes)) break;
        lines.push(line);
        last = mac;
      }
      offset += end + 1 - at;
      at = end + 1;
    }
    return lines.length === 0 ? undefined : { lines, mac: last, end: { inode, offset } };
  }

  /** Rotated ones first: their names tell the time. */
  async #files(): Promise<string[]> {
    const { path } = this.#options;
    const files = await filesOfTrail(path);
    const rotated = files.filter((file) => file !== path).sort();
    return files.includes(path) ? [...rotated, path] : rotated;
  }
}

/** Files are rotated long before one would be too large for this. */
async function readFrom(file: Awaited<ReturnType<typeof open>>, offset: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of file.createReadStream({ start: offset, autoClose: false })) {
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

/** The code of a line in the chain; undefined for what is no line of ours. */
function codeOf(line: string): string | undefined {
  return /,"seq":\d{1,16},"prev":"[0-9a-f]{64}","mac":"([0-9a-f]{64})"\}$/.exec(line)?.[1];
}
