import assert from "node:assert/strict";
import { appendFile, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Spool } from "../../src/sinks/spool.ts";

const CODE = "0".repeat(64);
const line = (seq: number, more = "", mac = String(seq % 10).repeat(64)) =>
  `{"n":${seq}${more},"seq":${seq},"prev":"${CODE}","mac":"${mac}"}\n`;
const MANY = { count: 100, maxBytes: 1_000_000 };

async function folderOf(t: TestContext): Promise<{ path: string; markPath: string }> {
  const folder = await mkdtemp(join(tmpdir(), "spool-"));
  t.after(() => rm(folder, { recursive: true }));
  return { path: join(folder, "events"), markPath: join(folder, "mark") };
}

describe("the spool", () => {
  it("gives the lines that were not taken, and after a restart goes on behind the last that was", async (t) => {
    const options = await folderOf(t);
    await writeFile(options.path, line(1) + line(2) + line(3));
    const spool = await Spool.open(options);
    const batch = await spool.next({ ...MANY, count: 2 });
    assert.deepEqual(batch?.lines, [line(1).trim(), line(2).trim()]);
    assert.deepEqual(await spool.next({ ...MANY, count: 2 }), batch, "not taken: given again");
    if (batch) await spool.taken(batch);
    assert.deepEqual((await spool.next(MANY))?.lines, [line(3).trim()]);
    const later = await Spool.open(options);
    assert.deepEqual((await later.next(MANY))?.lines, [line(3).trim()]);
  });

  it("gives no line of which half is written", async (t) => {
    const options = await folderOf(t);
    await writeFile(options.path, line(1).slice(0, -9));
    const spool = await Spool.open(options);
    assert.equal(await spool.next(MANY), undefined);
    await appendFile(options.path, line(1).slice(-9));
    assert.deepEqual((await spool.next(MANY))?.lines, [line(1).trim()]);
  });

  it("keeps batches below a size, but for a line that is larger alone", async (t) => {
    const options = await folderOf(t);
    const long = `,"x":"${"y".repeat(500)}"`;
    await writeFile(options.path, line(1, long) + line(2) + line(3));
    const spool = await Spool.open(options);
    const first = await spool.next({ count: 9, maxBytes: 400 });
    assert.equal(first?.lines.length, 1);
    if (first) await spool.taken(first);
    assert.equal((await spool.next({ count: 9, maxBytes: 400 }))?.lines.length, 2);
  });

  it("reads rotated files first, and removes each once all of it was taken", async (t) => {
    const options = await folderOf(t);
    const { path } = options;
    await writeFile(path, line(1) + line(2));
    const spool = await Spool.open(options);
    const first = await spool.next({ ...MANY, count: 1 });
    if (first) await spool.taken(first);
    await rename(path, `${path}.20260101`);
    await writeFile(path, line(3));
    assert.equal(await spool.sizeBytes(), (line(2) + line(3)).length);
    for (const seq of [2, 3]) {
      const batch = await spool.next(MANY);
      assert.deepEqual(batch?.lines, [line(seq).trim()]);
      await spool.taken(batch);
    }
    assert.equal(await spool.next(MANY), undefined);
    assert.deepEqual((await readdir(join(path, ".."))).sort(), ["events", "mark"]);
  });

  it("gives the lines of a chain that was begun anew, and of one whose marked line is gone", async (t) => {
    const options = await folderOf(t);
    await writeFile(options.path, line(1) + line(2));
    const spool = await Spool.open(options);
    const batch = await spool.next(MANY);
    if (batch) await spool.taken(batch);
    const anew = ["a", "b"].map((letter) => line(1, "", letter.repeat(64)));
    await appendFile(options.path, anew.join(""));
    for (const each of [spool, await Spool.open(options)]) {
      const { lines } = (await each.next(MANY)) ?? {};
      assert.deepEqual(
        lines,
        anew.map((text) => text.trim()),
      );
    }
    await writeFile(options.path, anew.join(""));
    assert.equal((await (await Spool.open(options)).next(MANY))?.lines.length, 2);
  });

  it("counts what was not taken yet", async (t) => {
    const options = await folderOf(t);
    await writeFile(options.path, line(1) + line(2));
    const spool = await Spool.open(options);
    const size = line(1).length;
    assert.equal(await spool.sizeBytes(), 2 * size);
    const batch = await spool.next({ ...MANY, count: 1 });
    if (batch) await spool.taken(batch);
    for (const each of [spool, await Spool.open(options)]) {
      assert.equal(await each.sizeBytes(), size);
    }
  });

  it("gives everything again where its mark can't be read", async (t) => {
    const options = await folderOf(t);
    await writeFile(options.path, line(1));
    for (const odd of ["", "1\n", "1".repeat(64), `${"1".repeat(63)}\n`]) {
      await writeFile(options.markPath, odd);
      assert.equal((await (await Spool.open(options)).next(MANY))?.lines.length, 1, odd);
    }
  });
});
