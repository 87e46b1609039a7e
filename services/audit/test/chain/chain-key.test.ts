import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { openChainKey, readChainKey } from "../../src/chain/chain-key.ts";

describe("the key of the chain", () => {
  let scratch: string;
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), "chain-key-"));
  });
  after(() => rm(scratch, { recursive: true }));

  it("is made once, for this user alone, and read again", async () => {
    const folder = join(scratch, "new");
    assert.equal(await readChainKey({ folder }), undefined);
    const made = await openChainKey({ folder });
    const again = await openChainKey({ folder });
    assert.equal(made.ofLine("x"), again.ofLine("x"));
    assert.notEqual(made.ofLine("x"), made.ofHead("x"));
    assert.equal((await stat(join(folder, "chain.key"))).mode & 0o777, 0o600);
  });

  it("is the configured one where there is one", async () => {
    const folder = join(scratch, "configured");
    const inline = new Secret("00".repeat(32));
    const key = await openChainKey({ folder, inline });
    const expected = await readChainKey({ folder, inline });
    assert.equal(key.ofLine("x"), expected?.ofLine("x"));
    await assert.rejects(stat(join(folder, "chain.key")), { code: "ENOENT" });
  });

  it("refuses what is no key, and never makes a new one in its place", async () => {
    const inline = new Secret("short");
    await assert.rejects(readChainKey({ folder: scratch, inline }), { code: "config.invalid" });
    await writeFile(join(scratch, "chain.key"), "short");
    await assert.rejects(openChainKey({ folder: scratch }), { code: "config.invalid" });
  });
});
