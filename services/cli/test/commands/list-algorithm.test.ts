import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listAlgorithm } from "../../src/commands/list-algorithm.ts";
import { exitCodeOf } from "../../src/tool-arguments.ts";
import { scratchFolder } from "../environment.ts";
import { BOX, sealedStore } from "./sealed-store.ts";

describe("s3eg list-algorithm", () => {
  it("counts objects by format, cipher and key", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    await store.seal("in/a b", "1");
    await store.seal("in/c", "2");
    await store.seal("in/d", "3", 2);
    await store.putPlain("in/plain", "4");
    await store.putPlain("out", "5");
    const args = [BOX, "--prefix", "in/", "--workers", "3", "--output", "json"];
    assert.deepEqual(JSON.parse(await listAlgorithm(args, store.env)), {
      bucket: BOX,
      prefix: "in/",
      objects: 4,
      algorithms: {
        'format 2  AES-256-GCM  aes "aes" version 1': 2,
        'format 2  ChaCha20-Poly1305  aes "aes" version 1': 1,
        plain: 1,
      },
    });
    assert.match(await listAlgorithm([BOX], store.env), /^ {9}5 {2}objects$/m);
  });

  it("exits 3 for a bucket that is not there, 2 for wrong arguments", async () => {
    await using scratch = await scratchFolder();
    await using store = await sealedStore(scratch.folder);
    const failsWith = (code: number) => (error: unknown) => exitCodeOf(error) === code;
    await assert.rejects(listAlgorithm(["none"], store.env), failsWith(3));
    await assert.rejects(listAlgorithm([BOX, "--workers", "0"], store.env), failsWith(2));
    await assert.rejects(listAlgorithm([], store.env), failsWith(2));
  });
});
