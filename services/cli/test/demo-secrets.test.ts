import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { demoSecrets } from "../src/demo-secrets.ts";
import { scratchFolder } from "./environment.ts";

const plain = (secrets: ReturnType<typeof demoSecrets>) => [
  secrets.accessKey,
  secrets.secretKey.reveal(),
  secrets.storeAccessKey,
  secrets.storeSecretKey.reveal(),
  secrets.kekSource.reveal(),
];

describe("the demo's secrets", () => {
  it("are made up once, kept, and different in each folder", async () => {
    await using scratch = await scratchFolder();
    const first = plain(demoSecrets(join(scratch.folder, "a")));
    assert.deepEqual(plain(demoSecrets(join(scratch.folder, "a"))), first);
    const other = plain(demoSecrets(join(scratch.folder, "b")));
    for (const [index, value] of first.entries()) assert.notEqual(value, other[index]);
  });

  it("hold a key of 32 bytes", async () => {
    await using scratch = await scratchFolder();
    const source = demoSecrets(scratch.folder).kekSource.reveal();
    assert.match(source, /^base64:/);
    assert.equal(Buffer.from(source.slice("base64:".length), "base64").length, 32);
  });

  it("are for the eyes of their owner alone", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "new");
    demoSecrets(folder);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, "demo.json"))).mode & 0o777, 0o600);
  });

  it("are not made up anew over a damaged file", async () => {
    await using scratch = await scratchFolder();
    const path = join(scratch.folder, "demo.json");
    for (const text of ["", "{", "{}", '{"accessKey":"","kek":"x"}']) {
      await writeFile(path, text);
      assert.throws(() => demoSecrets(scratch.folder), {
        code: "config.invalid",
        message: /damaged/,
      });
      assert.equal(await readFile(path, "utf8"), text);
    }
  });

  it("that cannot be read say so", async () => {
    await using scratch = await scratchFolder();
    // A folder in the file's place cannot be read as one, whoever tries.
    demoSecrets(join(scratch.folder, "demo.json"));
    assert.throws(() => demoSecrets(scratch.folder), {
      code: "config.invalid",
      message: /can't be read/,
    });
  });
});
