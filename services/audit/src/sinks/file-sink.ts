/** Audit events in a file that is only ever appended to. */
import { access, type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import type { Sink } from "./sink.ts";

/** Which file. */
export interface FileSinkOptions {
  readonly path: string;
  /** Permissions of a file that is made. */
  readonly mode: number;
  /** Before it would grow beyond this the file is moved to `path.TIME`; 0: never. */
  readonly maxBytes?: number;
  readonly now?: () => Date;
}

/**
 * Appends to a file and syncs every write. The file is opened anew each time, so that it can be moved away for rotation at any
 * moment. A write that fails leaves nothing behind. Throws `config.invalid` if the file cannot be opened.
 */
export async function fileSink(options: FileSinkOptions): Promise<Sink> {
  const { path } = options;
  const state: State = { torn: undefined, hasFailed: false };
  try {
    await append(options, "", state);
  } catch (cause) {
    throw new Fault("config.invalid", `audit.sink.file_path: cannot append to ${path}`, { cause });
  }
  return {
    async write(lines) {
      if (!state.hasFailed) await rotate(options, Buffer.byteLength(lines));
      state.hasFailed = true;
      await append(options, lines, state);
      state.hasFailed = false;
    },
  };
}

interface State {
  /** The file in which a failed write may have left half of its lines, and its size before. */
  torn: { readonly inode: number; readonly size: number } | undefined;
  /** The last write failed. */
  hasFailed: boolean;
}

async function append({ path, mode }: FileSinkOptions, text: string, state: State): Promise<void> {
  await using file = await open(path, "a+", mode);
  const { ino: inode, size } = await file.stat();
  const start = state.torn?.inode === inode ? Math.min(state.torn.size, size) : size;
  if (start < size) await file.truncate(start);
  state.torn = { inode, size: start };
  // Where it is not known what was left behind, lines start on a line of their own.
  const isApart = start === 0 || text === "" || (await endsLine(file, start));
  await writeAndSync(file, isApart ? text : `\n${text}`, start);
  state.torn = undefined;
  if (start === 0) await syncFolder(path);
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function writeAndSync(file: FileHandle, text: string, start: number): Promise<void> {
  try {
    await file.appendFile(text);
    await file.datasync();
  } catch (error) {
    // What cannot be taken back now is taken back before the next write.
    await file.truncate(start).catch(() => {});
    throw error;
  }
}

/** A name is on disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(dirname(path), "r");
  await folder.sync();
}

async function rotate(
  { path, mode, maxBytes = 0, now = () => new Date() }: FileSinkOptions,
  more: number,
): Promise<void> {
  if (maxBytes === 0) return;
  {
    await using file = await open(path, "a", mode);
    const { size } = await file.stat();
    if (size === 0 || size + more <= maxBytes) return;
  }
  const target = `${path}.${now().toISOString().replaceAll(/[-:.]/g, "")}`;
  await rename(path, await freeName(target));
}

/** A rename would replace a file of that name. */
async function freeName(wanted: string): Promise<string> {
  let name = wanted;
  for (let n = 1; await exists(name); n++) name = `${wanted}-${n}`;
  return name;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    return errorCodeOf(error) !== "ENOENT";
  }
}
