import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { replaceWhole, writeWholeOnce } from "../src/whole-file.ts";

describe("a whole file", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "s3eg-whole-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("is replaced, or written where there is none, for its owner alone", async () => {
    const path = join(folder, "file");
    await writeWholeOnce(path, "first");
    await writeWholeOnce(path, "second");
    assert.equal(await readFile(path, "utf8"), "first");
    await replaceWhole(path, "third");
    assert.equal(await readFile(path, "utf8"), "third");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["file"]);
  });

  it("leaves nothing behind where it can't be put", async () => {
    const inTheWay = join(folder, "folder");
    await mkdir(join(inTheWay, "full"), { recursive: true });
    await assert.rejects(replaceWhole(inTheWay, "text"));
    await assert.rejects(replaceWhole(join(folder, "nowhere", "file"), "text"), { code: "ENOENT" });
    assert.deepEqual(await readdir(folder), ["file", "folder"]);
  });
});
