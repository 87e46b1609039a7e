import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { describe, it } from "node:test";
import { SUITE } from "@s3eg/shared/format/layout.ts";
import type { LegacyCipher } from "@s3eg/shared/sealing/legacy-aead.ts";
import { verifyMessage } from "../../src/legacy/legacy-message.ts";
import {
  bytesOfBody,
  DATA_KEY,
  flipped,
  MemoryStored,
  NONCE,
  patterned,
  sealed,
} from "./sealed-legacy.ts";

const MIB = 1024 * 1024;
const NONE = Buffer.alloc(0);
const cipher: LegacyCipher = {
  suite: SUITE.aes256Gcm,
  key: createSecretKey(DATA_KEY),
  nonce: NONCE,
  aad: NONE,
};
const storedOf = (bytes: Buffer) => new MemoryStored(bytes, {});
const integrity = { code: "crypto.integrity" };

/** Known answers: the key that PBKDF2 makes of "correct horse battery" and the salt, and three kinds of associated data. */
const KNOWN_KEY = createSecretKey(
  Buffer.from("f5a88d4f47facc76ed2a6071b77e1416db2d238895229e9cc47bab496eb12fff", "hex"),
);
const FIELDS = Buffer.from(
  "0000000a4145533235362d47434d00000020202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f0000000c000102030405060708090a0b00000001310000000a746578742f706c61696e000000023131",
  "hex",
);
const TEXT = Buffer.from(
  "alg:AES256-GCM|salt:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=|iv:AAECAwQFBgcICQoL|kv:1|ct:text/plain|osz:11",
);
const KNOWN: readonly (readonly [aad: Buffer, body: string])[] = [
  [FIELDS, "5b7b2d89c20d16c8c2da34b7a512cb0c723df8593614c0990e0612"],
  [TEXT, "5b7b2d89c20d16c8c2da34210a648a1a6e85e93efba10f11be0f0c"],
  [NONE, "5b7b2d89c20d16c8c2da340782fc654fed747fdb2aeb067f61d6f4"],
];

describe("a message of format 1", () => {
  it("opens as the known answers say, whichever associated data it had", async () => {
    const ciphers = KNOWN.map(([aad]) => ({ ...cipher, key: KNOWN_KEY, aad }));
    for (const [, hex] of KNOWN) {
      const message = await verifyMessage(storedOf(Buffer.from(hex, "hex")), ciphers);
      assert.equal(message.plainBytes, 11);
      const bytes = await bytesOfBody(await message.read(0, 11));
      assert.equal(bytes.toString(), "hello world");
    }
  });

  it("opens under ChaCha20-Poly1305, and with an empty plaintext", async () => {
    for (const size of [0, 1, 70_000]) {
      const plain = patterned(size);
      const bytes = sealed(plain, { algorithm: "chacha20-poly1305" });
      const chacha = { ...cipher, suite: SUITE.chacha20Poly1305 };
      const message = await verifyMessage(storedOf(bytes), [cipher, chacha]);
      assert.ok((await bytesOfBody(await message.read(0, size))).equals(plain));
    }
  });

  it("does not verify where anything of it is another", async () => {
    const bytes = sealed(patterned(1000));
    for (const [stored, with_] of [
      [flipped(bytes, 3), cipher],
      [flipped(bytes, bytes.length - 1), cipher],
      [bytes.subarray(0, -1), cipher],
      [Buffer.alloc(15), cipher],
      [Buffer.alloc(0), cipher],
      [bytes, { ...cipher, aad: FIELDS }],
      [bytes, { ...cipher, key: KNOWN_KEY }],
      [bytes, { ...cipher, nonce: Buffer.alloc(12) }],
    ] as const) {
      await assert.rejects(verifyMessage(storedOf(stored), [with_]), integrity);
    }
    await assert.rejects(verifyMessage(storedOf(bytes), []), integrity);
    const short = storedOf(bytes);
    short.change = (read) => read.subarray(0, -1);
    await assert.rejects(verifyMessage(short, [cipher]), integrity);
  });
});

describe("a message of several MiB", () => {
  const plain = Buffer.concat([patterned(MIB), patterned(3 * MIB + 5).reverse()]);
  const bytes = sealed(plain);

  it("is read twice, in constant memory", async () => {
    const stored = storedOf(bytes);
    const message = await verifyMessage(stored, [cipher]);
    let given = 0;
    stored.change = (read) => read;
    const body = await message.read(0, plain.length);
    await body.pump(async (piece) => {
      assert.ok(piece.byteLength <= MIB);
      assert.ok(plain.subarray(given, given + piece.byteLength).equals(piece));
      given += piece.byteLength;
      await Promise.resolve();
    });
    assert.equal(given, plain.length);
    assert.deepEqual(stored.reads, [
      [0, bytes.length],
      [0, bytes.length],
    ]);
  });

  it("takes no more of the backend than a block beyond what its taker has", async () => {
    const stored = storedOf(bytes);
    const message = await verifyMessage(stored, [cipher]);
    let [pulled, given, most] = [0, 0, 0];
    const { pieceBytes } = stored;
    stored.read = async () => {
      await Promise.resolve();
      return {
        async pump(take) {
          for (let at = 0; at < bytes.length; at += pieceBytes) {
            pulled = Math.min(bytes.length, at + pieceBytes);
            most = Math.max(most, pulled - given);
            await take(bytes.subarray(at, pulled));
          }
        },
        destroy: () => undefined,
      };
    };
    const body = await message.read(0, plain.length);
    await body.pump(async (piece) => {
      await new Promise(setImmediate);
      given += piece.byteLength;
    });
    assert.equal(given, plain.length);
    assert.ok(most <= MIB + 2 * pieceBytes, `${most}`);
  });

  it("is read in ranges, no further than the block that they end in", async () => {
    for (const [start, end, last] of [
      [0, 1, MIB],
      [MIB - 1, MIB + 1, 2 * MIB],
      [MIB, 2 * MIB, 2 * MIB],
      [3 * MIB, 3 * MIB + 7, 4 * MIB],
      [plain.length - 1, plain.length, bytes.length],
    ] as const) {
      const stored = storedOf(bytes);
      const message = await verifyMessage(stored, [cipher]);
      const part = await bytesOfBody(await message.read(start, end));
      assert.ok(part.equals(plain.subarray(start, end)), `${start}-${end}`);
      assert.deepEqual(stored.reads.at(-1), [0, last]);
    }
    const stored = storedOf(bytes);
    const message = await verifyMessage(stored, [cipher]);
    assert.equal((await bytesOfBody(await message.read(9, 9))).length, 0);
    assert.equal(stored.reads.length, 1);
  });

  it("lets nothing go that is not what was verified, though the backend changed it in between", async () => {
    for (const [at, allowed] of [
      [0, 0],
      [MIB - 1, 0],
      [MIB, MIB],
      [2 * MIB + 9, 2 * MIB],
      [plain.length - 1, 4 * MIB],
    ] as const) {
      const stored = storedOf(bytes);
      stored.change = (read, readNumber) => (readNumber === 1 ? read : flipped(read, at));
      const message = await verifyMessage(stored, [cipher]);
      const body = await message.read(0, plain.length);
      let given = 0;
      const pumped = body.pump((piece) => {
        assert.ok(plain.subarray(given, given + piece.byteLength).equals(piece));
        given += piece.byteLength;
      });
      await assert.rejects(pumped, integrity);
      assert.equal(given, allowed, `${at}`);
    }
  });

  it("is not taken for whole where the second read is cut", async () => {
    const stored = storedOf(bytes);
    stored.change = (read, readNumber) => (readNumber === 1 ? read : read.subarray(0, 2 * MIB));
    const message = await verifyMessage(stored, [cipher]);
    const body = await message.read(0, plain.length);
    await assert.rejects(bytesOfBody(body), integrity);
  });
});
