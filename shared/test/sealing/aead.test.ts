import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { CHUNK_BYTES } from "../../src/format/layout.ts";
import { ChunkOpener, ChunkSealer, openOnce, sealOnce } from "../../src/sealing/aead.ts";

const stream = { suite: 1, key: createSecretKey(Buffer.alloc(32, 1)) } as const;

describe("ChunkSealer", () => {
  it("refuses a piece beyond its chunk, a short chunk in the middle, and a chunk past the end", () => {
    const sealer = new ChunkSealer(stream, 2);
    sealer.update(Buffer.alloc(CHUNK_BYTES - 1));
    assert.throws(() => sealer.update(Buffer.alloc(2)), RangeError);
    assert.throws(() => sealer.finishChunk(), RangeError);
    sealer.update(Buffer.alloc(1));
    sealer.finishChunk();
    sealer.finishChunk();
    assert.throws(() => sealer.update(Buffer.of(1)), RangeError);
    assert.throws(() => sealer.finishChunk(), RangeError);
  });

  it("never uses a nonce twice: equal chunks seal differently", () => {
    const sealer = new ChunkSealer(stream, 3);
    const chunks = [0, 1, 2].map(() =>
      Buffer.concat([sealer.update(Buffer.alloc(CHUNK_BYTES)), sealer.finishChunk()]).toString(
        "hex",
      ),
    );
    assert.equal(new Set(chunks).size, 3);
  });
});

describe("ChunkOpener", () => {
  it("releases nothing of a chunk before its tag verified", () => {
    const sealer = new ChunkSealer(stream, 1);
    const ciphertext = sealer.update(Buffer.from("hello"));
    const tag = sealer.finishChunk();
    const opener = new ChunkOpener(stream, 1, 0);
    assert.equal(opener.update(ciphertext), undefined);
    assert.throws(
      () => opener.finishChunk(Buffer.alloc(16)),
      (error) => isFault(error, "crypto.integrity"),
    );
    const again = new ChunkOpener(stream, 1, 0);
    again.update(ciphertext);
    assert.equal(Buffer.concat(again.finishChunk(tag)).toString(), "hello");
    assert.throws(() => again.update(ciphertext), RangeError);
  });

  it("tells a last chunk from one in the middle", () => {
    const sealer = new ChunkSealer(stream, 1);
    const ciphertext = sealer.update(Buffer.from("hello"));
    const tag = sealer.finishChunk();
    const opener = new ChunkOpener(stream, 2, 0);
    opener.update(ciphertext);
    assert.throws(
      () => opener.finishChunk(tag),
      (error) => isFault(error, "crypto.integrity"),
    );
  });
});

describe("sealOnce", () => {
  it("opens what it sealed, and nothing shorter or changed", () => {
    const message = sealOnce(stream, Buffer.from("once"));
    assert.equal(openOnce(stream, message).toString(), "once");
    for (const wrong of [
      message.subarray(1),
      Buffer.alloc(3),
      Buffer.from(message.map((byte, at) => (at === 0 ? byte ^ 1 : byte))),
    ]) {
      assert.throws(
        () => openOnce(stream, wrong),
        (error) => isFault(error, "crypto.integrity"),
      );
    }
  });
});
