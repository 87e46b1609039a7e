/** Audit events in a file that is only ever appended to. */
import { open } from "node:fs/promises";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Sink } from "./sink.ts";

/**
 * Appends to `path` and syncs every write. The file is opened anew each time, so that it can be moved away for rotation at
 * any moment. Throws `config.invalid` if the file cannot be opened.
 */
export async function fileSink(path: string, mode: number): Promise<Sink> {
  try {
    await append(path, mode, "");
  } catch (cause) {
    throw new Fault("config.invalid", `audit.sink.file_path: cannot append to ${path}`, { cause });
  }
  // After a write that failed half way the next one starts on a line of its own.
  let isTorn = false;
  return {
    async write(lines) {
      const text = isTorn ? `\n${lines}` : lines;
      isTorn = true;
      await append(path, mode, text);
      isTorn = false;
    },
  };
}

async function append(path: string, mode: number, text: string): Promise<void> {
  await using file = await open(path, "a", mode);
  await file.appendFile(text);
  await file.datasync();
}
