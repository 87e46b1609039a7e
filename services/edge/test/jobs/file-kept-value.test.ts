import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { FileKeptValue } from "../../src/jobs/file-kept-value.ts";

it("FileKeptValue is replaced only by who has seen what it replaces, and keeps few files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "s3eg-kept-"));
  const one = new FileKeptValue(folder);
  const other = new FileKeptValue(folder);
  assert.equal(await one.read(), undefined);
  const first = await one.write(Buffer.from("first"), undefined);
  await assert.rejects(other.write(Buffer.from("also"), undefined), { code: "backend.changed" });
  let last = await other.write(Buffer.from("second"), await other.read());
  await assert.rejects(one.write(Buffer.from("late"), first), { code: "backend.changed" });
  for (let n = 0; n < 9; n++) last = await one.write(Buffer.from(`${n}`), last);
  const read = await other.read();
  assert.deepEqual([Buffer.from(read?.bytes ?? []).toString(), read?.revision], ["8", 11]);
  assert.equal((await readdir(folder)).length, 4);
  await one.watch()[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
