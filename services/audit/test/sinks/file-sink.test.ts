import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { fileSink } from "../../src/sinks/file-sink.ts";

describe("fileSink", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "file-sink-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("appends to what is there, and makes a new file with the mode given", async () => {
    const old = join(folder, "old");
    await writeFile(old, "first\n");
    await (await fileSink({ path: old, mode: 0o600 })).write("second\n");
    assert.equal(await readFile(old, "utf8"), "first\nsecond\n");
    const fresh = join(folder, "fresh");
    await (await fileSink({ path: fresh, mode: 0o600 })).write("a\n");
    assert.equal((await stat(fresh)).mode & 0o777, 0o600);
  });

  it("goes on in a new file when the old one was moved away", async () => {
    const path = join(folder, "rotated");
    const sink = await fileSink({ path, mode: 0o600 });
    await sink.write("a\n");
    await rename(path, `${path}.1`);
    await sink.write("b\n");
    assert.equal(await readFile(`${path}.1`, "utf8"), "a\n");
    assert.equal(await readFile(path, "utf8"), "b\n");
  });

  it("starts a line of its own after a write that failed", async () => {
    const path = join(folder, "torn");
    const sink = await fileSink({ path, mode: 0o600 });
    await rm(path);
    await mkdir(path);
    await assert.rejects(sink.write("lost\n"));
    await rmdir(path);
    await writeFile(path, '{"half');
    await sink.write("whole\n");
    assert.equal(await readFile(path, "utf8"), '{"half\nwhole\n');
  });

  it("refuses at once a path it cannot append to", async () => {
    await assert.rejects(
      fileSink({ path: join(folder, "no", "such", "folder"), mode: 0o600 }),
      (error) => isFault(error, "config.invalid"),
    );
  });

  it("moves the file away before it would grow beyond its size, and never over another", async () => {
    const path = join(folder, "sized");
    const now = () => new Date("2025-01-02T03:04:05.678Z");
    const sink = await fileSink({ path, mode: 0o600, maxBytes: 10, now });
    for (const lines of ["aaaa\n", "bbbb\n", "cccc\n", "a line beyond the size\n", "d\n"]) {
      await sink.write(lines);
    }
    const contents = [];
    for (const end of [
      ".20250102T030405678Z",
      ".20250102T030405678Z-1",
      ".20250102T030405678Z-2",
      "",
    ]) {
      contents.push(await readFile(`${path}${end}`, "utf8"));
    }
    assert.deepEqual(contents, ["aaaa\nbbbb\n", "cccc\n", "a line beyond the size\n", "d\n"]);
  });
});
