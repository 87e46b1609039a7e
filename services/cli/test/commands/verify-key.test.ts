import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { verifyKey } from "../../src/commands/verify-key.ts";
import { exitCodeOf } from "../../src/tool-arguments.ts";
import { scratchFolder } from "../environment.ts";
import { BOX, sealedStore } from "./sealed-store.ts";

const failsWith = (code: number) => (error: unknown) => exitCodeOf(error) === code;

describe("s3eg verify-key", () => {
  it("says under which key an object is sealed, once it opened with it", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    for (const text of ["hello", ""]) {
      await store.seal("k", text);
      const shown = await verifyKey(
        [BOX, "k", "--key-version", "1", "--output", "json"],
        store.env,
      );
      const facts = JSON.parse(shown) as Record<string, unknown>;
      assert.deepEqual(
        [facts.format, facts["key provider"], facts["key version"], facts["opens with it"]],
        [2, "aes", 1, "yes"],
      );
    }
  });

  it("exits 3 where there is no object, 4 for another version, 2 for wrong arguments", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    await store.seal("k", "hello");
    await assert.rejects(verifyKey([BOX, "none"], store.env), failsWith(3));
    await assert.rejects(verifyKey([BOX, "k", "--key-version", "2"], store.env), failsWith(4));
    await assert.rejects(verifyKey([BOX], store.env), failsWith(2));
    await store.putPlain("plain", "hello");
    await assert.rejects(verifyKey([BOX, "plain"], store.env), failsWith(1));
  });

  it("opens sealed metadata, too, and fails where they were tampered with", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    for (const text of ["hello", ""]) {
      await store.sealHidden("k", text, { "x-amz-meta-a": "1" });
      assert.match(await verifyKey([BOX, "k"], store.env), /opens with it +yes/);
      await store.changeHeaders("k", { "x-amz-meta-s3eg-m": "A".repeat(60) });
      const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");
      await assert.rejects(verifyKey([BOX, "k"], store.env), isIntegrity);
    }
  });

  it("fails where the key is another one, or the object lies in another place", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    await store.seal("k", "hello");
    const other = { ...store.env, KEK: Buffer.alloc(32, 2).toString("base64") };
    const isIntegrity = (error: unknown) => isFault(error, "crypto.integrity");
    await assert.rejects(verifyKey([BOX, "k"], other), isIntegrity);
    await assert.rejects(verifyKey([BOX, "k", "--bound-to", "other"], store.env), isIntegrity);
  });
});
