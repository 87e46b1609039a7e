import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { CHUNK_BYTES } from "../../src/format/layout.ts";
import { collectBody } from "../../src/http/body.ts";
import { MemorySeal, type SealedBytes } from "../../src/sealing/memory-seal.ts";

const seal = new MemorySeal();
const plaintextOf = (size: number) =>
  Buffer.from(Array.from({ length: size }, (_, at) => (at * 7) & 0xff));

function sealed(plaintext: Buffer, pieceBytes = plaintext.byteLength || 1): SealedBytes {
  const sealer = seal.begin(plaintext.byteLength);
  for (let at = 0; at < plaintext.byteLength; at += pieceBytes) {
    sealer.push(plaintext.subarray(at, at + pieceBytes));
  }
  return sealer.finish();
}

async function opened(item: SealedBytes, offset = 0, length = item.size): Promise<Buffer> {
  return await collectBody(seal.open(item, { offset, length }), item.size, () => new Error("more"));
}

describe("a memory seal", () => {
  for (const size of [
    0,
    1,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    2 * CHUNK_BYTES - 1,
    2 * CHUNK_BYTES,
    2 * CHUNK_BYTES + 1,
  ]) {
    it(`opens what it sealed: ${size} bytes, in whole and odd pieces`, async () => {
      const plaintext = plaintextOf(size);
      for (const pieceBytes of [undefined, 1000, CHUNK_BYTES]) {
        assert.deepEqual(await opened(sealed(plaintext, pieceBytes)), plaintext);
      }
    });
  }

  it("opens any range of it", async () => {
    const size = 2 * CHUNK_BYTES + 10;
    const plaintext = plaintextOf(size);
    const item = sealed(plaintext);
    const edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, size - 1];
    for (const offset of edges) {
      for (const end of edges.filter((edge) => edge >= offset).map((edge) => edge + 1)) {
        const range = await opened(item, offset, end - offset);
        assert.deepEqual(range, plaintext.subarray(offset, end), `${offset} to ${end}`);
      }
    }
  });

  it("holds no plaintext, and never seals the same way twice", () => {
    const plaintext = Buffer.from("a text that would be found in the heap of the process");
    const [one, other] = [sealed(plaintext), sealed(plaintext)];
    assert.equal(Buffer.concat(one.chunks).includes(plaintext.subarray(0, 8)), false);
    assert.notDeepEqual(one.chunks, other.chunks);
  });

  it("opens nothing that was changed, and nothing of another process", async () => {
    const item = sealed(plaintextOf(100));
    const isDamage = (error: unknown) => isFault(error, "crypto.integrity");
    const foreign = new MemorySeal().open(item, { offset: 0, length: 100 });
    await assert.rejects(
      foreign.pump(() => undefined),
      isDamage,
    );
    item.chunks[0]?.fill(1, 50, 51);
    await assert.rejects(opened(item), isDamage);
  });

  it("refuses more bytes than were announced, and fewer", () => {
    const sealer = seal.begin(3);
    sealer.push(Buffer.from("ab"));
    assert.throws(() => sealer.finish(), RangeError);
    assert.throws(() => sealer.push(Buffer.from("cd")), RangeError);
  });

  it("stops when it is given up", async () => {
    const body = seal.open(sealed(plaintextOf(2 * CHUNK_BYTES)), {
      offset: 0,
      length: 2 * CHUNK_BYTES,
    });
    const reason = new Error("gone");
    await assert.rejects(
      body.pump(() => body.destroy(reason)),
      reason,
    );
  });
});
