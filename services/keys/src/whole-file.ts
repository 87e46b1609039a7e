/** Files that are there whole, on disk, or not at all, whatever ends the process meanwhile. */
import { randomBytes } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";

/** Puts a file in place of the former one. Errors of the file system. */
export async function replaceWhole(path: string, text: string): Promise<void> {
  await withDraft(path, text, (draft) => rename(draft, path));
}

/** Writes a file where there is none. One that another process wrote meanwhile stays. Errors of the file system. */
export async function writeWholeOnce(path: string, text: string): Promise<void> {
  await withDraft(path, text, async (draft) => {
    try {
      await link(draft, path);
    } catch (error) {
      if (errorCodeOf(error) !== "EEXIST") throw error;
    }
  });
}

/** A draft beside the file, until it was put in its place. */
async function withDraft(
  path: string,
  text: string,
  put: (draft: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeSynced(draft, text);
    await put(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
}
