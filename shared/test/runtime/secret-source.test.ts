import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { readSecretBytes } from "../../src/runtime/secret-source.ts";

const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8));
const name = "service.secret (SERVICE_SECRET)";

describe("readSecretBytes", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "secret-source-"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const encoding of ["hex", "base64", "base64url"] as const) {
    it(`reads ${encoding}, inline and from a file that ends in a newline`, async () => {
      const text = bytes.toString(encoding);
      const inline = await readSecretBytes({ name, inline: new Secret(text), file: undefined }, 32);
      assert.deepEqual(inline?.reveal(), bytes);
      const file = join(folder, encoding);
      await writeFile(file, `${text}\n`);
      const fromFile = await readSecretBytes({ name, inline: undefined, file }, 32);
      assert.deepEqual(fromFile?.reveal(), bytes);
    });
  }

  it("reads a file that holds the bytes themselves", async () => {
    const file = join(folder, "raw");
    await writeFile(file, bytes);
    const read = await readSecretBytes({ name, inline: undefined, file }, 32);
    assert.deepEqual(read?.reveal(), bytes);
  });

  it("does not take a pass phrase of 32 characters for 32 bytes", async () => {
    const file = join(folder, "phrase");
    await writeFile(file, "correct horse battery staple 123");
    const read = readSecretBytes({ name, inline: undefined, file }, 32);
    await assert.rejects(read, (error) => isFault(error, "config.invalid"));
  });

  it("gives undefined when there is none", async () => {
    assert.equal(
      await readSecretBytes({ name, inline: undefined, file: undefined }, 32),
      undefined,
    );
  });

  for (const [what, inline, file] of [
    ["both ways at once", bytes.toString("hex"), "/some/file"],
    ["31 bytes", bytes.toString("hex").slice(2), undefined],
    ["33 bytes", Buffer.concat([bytes, bytes.subarray(0, 1)]).toString("base64"), undefined],
    ["a pass phrase", "correct horse battery staple", undefined],
    ["a file that is not there", undefined, "/nowhere/at/all"],
  ] as const) {
    it(`refuses ${what}, naming the setting and not the value`, async () => {
      const source = { name, inline: inline === undefined ? inline : new Secret(inline), file };
      await assert.rejects(readSecretBytes(source, 32), (error) => {
        assert.ok(isFault(error, "config.invalid"));
        assert.ok(error.message.startsWith(`${name}: `));
        if (inline) assert.ok(!error.message.includes(inline));
        return true;
      });
    });
  }
});
