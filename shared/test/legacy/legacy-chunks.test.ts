import assert from "node:assert/strict";
import { createCipheriv, createSecretKey, hash } from "node:crypto";
import { describe, it } from "node:test";
import { SUITE } from "../../src/format/layout.ts";
import { bodyOfPieces, collectBody } from "../../src/http/body.ts";
import {
  openChunks,
  plainBytesOf,
  planChunks,
  storedBytesOf,
} from "../../src/legacy/legacy-chunks.ts";
import { chunkNonces, type NonceOf } from "../../src/legacy/legacy-nonces.ts";
import { openWhole } from "../../src/sealing/legacy-aead.ts";
import { DATA_KEY, NONCE } from "./vector-seal.ts";

const CHUNK = 16_384;
const key = createSecretKey(DATA_KEY);
const cipher = { suite: SUITE.aes256Gcm, key };
const nonceOf = chunkNonces({ chunkBytes: CHUNK, baseNonce: NONCE, nonces: "hkdf" });
const patterned = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, n) => n % 251));

/** Chunks as the releases of before made them. */
function sealed(plain: Buffer, nonces: NonceOf): Buffer {
  const chunks = Array.from({ length: Math.ceil(plain.length / CHUNK) }, (_, index) => {
    const aes = createCipheriv("aes-256-gcm", key, nonces(index));
    const bytes = aes.update(plain.subarray(index * CHUNK, (index + 1) * CHUNK));
    aes.final();
    return Buffer.concat([bytes, aes.getAuthTag()]);
  });
  return Buffer.concat(chunks);
}

async function opened(
  stored: Buffer,
  plainBytes: number,
  wish: { offset?: number; length?: number; pieceBytes?: number } = {},
): Promise<Buffer> {
  const { offset = 0, length = plainBytes, pieceBytes = 1000 } = wish;
  const range = { offset, length };
  const plan = planChunks([{ plainBytes, chunkBytes: CHUNK, nonceOf }], range);
  const needed = stored.subarray(plan.stored.start, plan.stored.end);
  const pieces = Array.from({ length: Math.ceil(needed.length / pieceBytes) }, (_, n) =>
    needed.subarray(n * pieceBytes, (n + 1) * pieceBytes),
  );
  return await collectBody(openChunks(bodyOfPieces(pieces), plan, cipher), 1e7, () => new Error());
}

describe("chunks of format 1", () => {
  it("have the bytes of the known answer", async () => {
    const plain = patterned(16_389);
    const stored = sealed(plain, nonceOf);
    const expected = "e2d8946f21f8f9976c031bfbf1fe521294abc7d8a2f5fac5c75bdfe587c71add";
    assert.equal(hash("sha256", stored), expected);
    assert.ok((await opened(stored, plain.length)).equals(plain));
  });

  it("open whole and in ranges, however the bytes come, from no more than the chunks needed", async () => {
    for (const size of [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5]) {
      const plain = patterned(size);
      const stored = sealed(plain, nonceOf);
      assert.equal(stored.length, storedBytesOf({ plainBytes: size, chunkBytes: CHUNK }));
      assert.equal(plainBytesOf(stored.length, CHUNK), size);
      for (const pieceBytes of [1, 17, CHUNK + 16, 1e6]) {
        assert.ok((await opened(stored, size, { pieceBytes })).equals(plain));
      }
      for (const [offset, length] of [
        [0, 1],
        [size - 1, 1],
        [size >> 1, size - (size >> 1)],
        [0, 0],
      ] as const) {
        const part = await opened(stored, size, { offset, length });
        assert.ok(part.equals(plain.subarray(offset, offset + length)), `${size} ${offset}`);
      }
    }
    const plan = planChunks([{ plainBytes: 5 * CHUNK, chunkBytes: CHUNK, nonceOf }], {
      offset: CHUNK,
      length: 1,
    });
    assert.deepEqual(plan.stored, { start: CHUNK + 16, end: 2 * (CHUNK + 16) });
  });

  it("give nothing where a bit is another, a chunk is missing, doubled or elsewhere", async () => {
    const size = 2 * CHUNK + 7;
    const stored = sealed(patterned(size), nonceOf);
    const [a, b, c] = [0, 1, 2].map((n) =>
      stored.subarray(n * (CHUNK + 16), (n + 1) * (CHUNK + 16)),
    );
    assert.ok(a && b && c);
    const flipped = Buffer.from(stored);
    flipped.writeUInt8(flipped.readUInt8(CHUNK + 20) ^ 1, CHUNK + 20);
    for (const spoiled of [
      flipped,
      Buffer.concat([b, a, c]),
      Buffer.concat([a, a, c]),
      stored.subarray(0, -1),
    ]) {
      await assert.rejects(opened(spoiled, size), { code: "crypto.integrity" });
    }
    const plan = planChunks([{ plainBytes: size, chunkBytes: CHUNK, nonceOf }], {
      offset: 0,
      length: size,
    });
    const long = bodyOfPieces([stored, Buffer.of(0)]);
    await assert.rejects(
      openChunks(long, plan, cipher).pump(() => undefined),
      { code: "crypto.integrity" },
    );
    assert.throws(() => plainBytesOf(CHUNK + 16 + 16, CHUNK), { code: "crypto.integrity" });
  });

  it("of several runs follow each other, empty ones too", async () => {
    const parts = [patterned(CHUNK + 3), patterned(0), patterned(9)];
    const runs = parts.map((part) => ({ plainBytes: part.length, chunkBytes: CHUNK, nonceOf }));
    const stored = Buffer.concat(parts.map((part) => sealed(part, nonceOf)));
    const all = Buffer.concat(parts);
    for (const [offset, length] of [
      [0, all.length],
      [CHUNK + 2, 3],
      [CHUNK + 3, 9],
    ] as const) {
      const plan = planChunks(runs, { offset, length });
      const body = bodyOfPieces([stored.subarray(plan.stored.start, plan.stored.end)]);
      const bytes = await collectBody(openChunks(body, plan, cipher), 1e6, () => new Error());
      assert.ok(bytes.equals(all.subarray(offset, offset + length)), `${offset}`);
    }
  });

  it("wait for the taker, and a message that is too short is refused", async () => {
    const size = 3 * CHUNK;
    const plan = planChunks([{ plainBytes: size, chunkBytes: CHUNK, nonceOf }], {
      offset: 0,
      length: size,
    });
    let open = 0;
    await openChunks(bodyOfPieces([sealed(patterned(size), nonceOf)]), plan, cipher).pump(
      async () => {
        open += 1;
        assert.equal(open, 1);
        await Promise.resolve();
        open -= 1;
      },
    );
    assert.throws(() => openWhole(Buffer.alloc(15), { ...cipher, nonce: NONCE }), {
      code: "crypto.integrity",
    });
  });
});
