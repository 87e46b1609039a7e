/** Folders for stores in a file, gone when the tests of a file have run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** The path of one that is not there yet. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-state-"));
  folders.push(folder);
  return join(folder, "data");
}
