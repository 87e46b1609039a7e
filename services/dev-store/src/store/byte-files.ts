/** The bytes of a bucket: files with random names, written once, read in ranges, removed when the last reader is done. */
import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Body, Take } from "@s3eg/shared/http/body.ts";
import { type Piece, randomId } from "./records.ts";

const READ_BYTES = 256 * 1024;

/** Bytes that arrived in full; nobody refers to them yet. `md5` is hex. */
export interface Received {
  readonly id: string;
  readonly size: number;
  readonly md5: string;
}

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The files of one folder. */
export class ByteFiles {
  readonly #folder: string;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes a body into a new file. A body that rejects leaves nothing behind. */
  async receive(body: Body): Promise<Received> {
    const id = randomId();
    const temporary = join(this.#folder, `${id}.new`);
    const md5 = createHash("md5");
    let size = 0;
    const file = await open(temporary, "wx");
    try {
      try {
        await body.pump(async (piece) => {
          md5.update(piece);
          size += piece.byteLength;
          await writeAll(file, piece);
        });
      } finally {
        await file.close();
      }
      await rename(temporary, join(this.#folder, id));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return { id, size, md5: md5.digest("hex") };
  }

  /** The bytes of the pieces one after the other, or a range of them. The body must be pumped or destroyed: it keeps the files. */
  read(pieces: readonly Piece[], range?: ByteRange): Body {
    for (const { id } of pieces) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    let isOpen = true;
    const release = (): void => {
      if (!isOpen) return;
      isOpen = false;
      for (const { id } of pieces) this.#release(id);
    };
    let gone: { reason: unknown } | undefined;
    const check = (): void => {
      if (gone) throw gone.reason;
    };
    return {
      pump: async (take) => {
        try {
          check();
          for (const slice of slicesOf(pieces, range)) {
            await this.#readSlice(slice, async (bytes) => {
              check();
              await take(bytes);
            });
          }
          check();
        } finally {
          release();
        }
      },
      destroy: (reason = new Error("body destroyed")) => {
        gone ??= { reason };
        release();
      },
    };
  }

  /** Removes files, those being read once they have been. */
  async remove(ids: Iterable<string>): Promise<void> {
    for (const id of ids) {
      if (this.#readers.has(id)) this.#doomed.add(id);
      else await rm(join(this.#folder, id), { force: true });
    }
  }

  /** Removes every file that `isReferred` does not know: what a crash left behind. */
  async sweep(isReferred: (id: string) => boolean): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!isReferred(name)) await rm(join(this.#folder, name), { force: true });
    }
  }

  #release(id: string): void {
    const left = (this.#readers.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#readers.set(id, left);
      return;
    }
    this.#readers.delete(id);
    if (this.#doomed.delete(id)) {
      // Best effort: the next start sweeps what is left.
      rm(join(this.#folder, id), { force: true }).catch(() => undefined);
    }
  }

  async #readSlice({ id, start, end }: Slice, take: Take): Promise<void> {
    const file = await open(join(this.#folder, id), "r");
    try {
      for (let at = start; at <= end; ) {
        const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at + 1));
        const { bytesRead } = await file.read(piece, 0, piece.length, at);
        if (bytesRead === 0) throw new Error(`stored file ${id} is shorter than its record says`);
        at += bytesRead;
        await take(piece.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
}

interface Slice extends ByteRange {
  readonly id: string;
}

function slicesOf(pieces: readonly Piece[], range?: ByteRange): Slice[] {
  const slices: Slice[] = [];
  let offset = 0;
  for (const { id, size } of pieces) {
    const start = Math.max(0, (range?.start ?? 0) - offset);
    const end = Math.min(size - 1, (range?.end ?? Number.MAX_SAFE_INTEGER) - offset);
    if (start <= end) slices.push({ id, start, end });
    offset += size;
  }
  return slices;
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  let written = 0;
  while (written < piece.byteLength) {
    const { bytesWritten } = await file.write(piece, written, piece.byteLength - written);
    written += bytesWritten;
  }
}
