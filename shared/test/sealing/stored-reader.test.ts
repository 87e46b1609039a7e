import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { CHUNK_BYTES } from "../../src/format/layout.ts";
import { StoredReader } from "../../src/sealing/stored-reader.ts";
import { fixedKeys, plaintextOf, sealed } from "./sealed-fixture.ts";

const stream = { suite: 1, key: fixedKeys().dataKey } as const;

describe("StoredReader", () => {
  it("gives plaintext chunk by chunk, each only once its tag has come", async () => {
    const plaintext = plaintextOf(CHUNK_BYTES + 10);
    const stored = (await sealed(plaintext)).subarray(0, -128);
    const taken: Buffer[] = [];
    const reader = new StoredReader(
      { stream, size: plaintext.byteLength },
      (piece) => void taken.push(Buffer.from(piece)),
    );
    await reader.push(stored.subarray(0, CHUNK_BYTES + 15));
    assert.equal(taken.length, 0);
    await reader.push(stored.subarray(CHUNK_BYTES + 15, CHUNK_BYTES + 16));
    assert.equal(Buffer.concat(taken).byteLength, CHUNK_BYTES);
    await reader.push(stored.subarray(CHUNK_BYTES + 16));
    await reader.end();
    assert.ok(Buffer.concat(taken).equals(plaintext));
  });

  it("refuses an end that comes too early, and bytes after the last tag", async () => {
    const plaintext = plaintextOf(20);
    const stored = (await sealed(plaintext)).subarray(0, -128);
    const isRefusal = (error: unknown) => isFault(error, "crypto.integrity");
    const short = new StoredReader({ stream, size: 20 }, () => undefined);
    await short.push(stored.subarray(0, 30));
    await assert.rejects(short.end(), isRefusal);
    const long = new StoredReader({ stream, size: 20 }, () => undefined);
    assert.throws(() => long.push(Buffer.concat([stored, Buffer.of(0)])), isRefusal);
  });

  it("holds the last chunk until the trailer was checked", async () => {
    const plaintext = plaintextOf(20);
    const stored = await sealed(plaintext);
    const taken: Uint8Array[] = [];
    const refusal = new Error("bad trailer");
    const checkTrailer = () => {
      throw refusal;
    };
    const reader = new StoredReader(
      { stream, size: 20, checkTrailer },
      (piece) => void taken.push(piece),
    );
    await reader.push(stored);
    await assert.rejects(reader.end(), refusal);
    assert.equal(taken.length, 0);
  });
});
