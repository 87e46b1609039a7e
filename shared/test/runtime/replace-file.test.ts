import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { replaceFile } from "../../src/runtime/replace-file.ts";

it("a file takes the place of the former one, is its owner's alone and leaves no draft", () => {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-replace-"));
  try {
    const path = join(folder, "made", "file");
    replaceFile(path, "first, and longer");
    replaceFile(path, Buffer.from("second"));
    assert.equal(readFileSync(path, "utf8"), "second");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, "made")).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(join(folder, "made")), ["file"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
