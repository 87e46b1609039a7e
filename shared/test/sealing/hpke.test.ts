import assert from "node:assert/strict";
import { randomBytes, type webcrypto } from "node:crypto";
import { describe, it } from "node:test";
import {
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemX25519HkdfSha256,
  HkdfSha256,
} from "@hpke/core";
import { isFault } from "../../src/faults.ts";
import {
  generateHpkeKeyPair,
  type HpkeContext,
  type HpkeKeyPair,
  hpkeOpen,
  hpkeSeal,
  KEM,
} from "../../src/sealing/hpke.ts";

const context: HpkeContext = {
  info: Buffer.from("an info"),
  psk: Buffer.alloc(32, 7),
  pskId: Buffer.from("a psk id"),
  aad: Buffer.alloc(32, 9),
};
const plaintext = Buffer.from('{"dataKey":"…"}');

/** A view as the other implementation wants its bytes. */
function bytes(of: Uint8Array): ArrayBuffer {
  return Uint8Array.from(of).buffer;
}

const psk = { key: bytes(context.psk), id: bytes(context.pskId) };

function suiteOf(kem: HpkeKeyPair["kem"]): CipherSuite {
  return new CipherSuite({
    kem: kem === KEM.x25519 ? new DhkemX25519HkdfSha256() : new DhkemP256HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
}

function isIntegrity(error: unknown): boolean {
  return isFault(error, "crypto.integrity");
}

function flipped(of: Uint8Array, at = 0): Buffer {
  const copy = Buffer.from(of);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

for (const [name, kem] of Object.entries(KEM)) {
  describe(`HPKE in PSK mode with ${name}`, () => {
    it("opens what it sealed", () => {
      const pair = generateHpkeKeyPair(kem);
      assert.deepEqual(hpkeOpen(pair, hpkeSeal(pair, plaintext, context), context), plaintext);
    });

    it("seals what another implementation opens", async () => {
      const suite = suiteOf(kem);
      const recipient = (await suite.kem.generateKeyPair()) as webcrypto.CryptoKeyPair;
      const publicKey = Buffer.from(await suite.kem.serializePublicKey(recipient.publicKey));
      const { enc, ciphertext } = hpkeSeal({ kem, publicKey }, plaintext, context);
      const opened = await suite.open(
        { recipientKey: recipient.privateKey, enc: bytes(enc), info: bytes(context.info), psk },
        bytes(ciphertext),
        bytes(context.aad),
      );
      assert.deepEqual(Buffer.from(opened), plaintext);
    });

    it("opens what another implementation sealed", async () => {
      const suite = suiteOf(kem);
      const pair = generateHpkeKeyPair(kem);
      const recipientPublicKey = (await suite.kem.deserializePublicKey(
        bytes(pair.publicKey),
      )) as webcrypto.CryptoKey;
      const { enc, ct } = await suite.seal(
        { recipientPublicKey, info: bytes(context.info), psk },
        bytes(plaintext),
        bytes(context.aad),
      );
      const message = { enc: Buffer.from(enc), ciphertext: Buffer.from(ct) };
      assert.deepEqual(hpkeOpen(pair, message, context), plaintext);
    });

    it("never seals the same way twice", () => {
      const pair = generateHpkeKeyPair(kem);
      const [a, b] = [hpkeSeal(pair, plaintext, context), hpkeSeal(pair, plaintext, context)];
      assert.notDeepEqual(a.enc, b.enc);
      assert.notDeepEqual(a.ciphertext, b.ciphertext);
    });

    for (const part of ["info", "psk", "pskId", "aad"] as const) {
      it(`does not open with another ${part}`, () => {
        const pair = generateHpkeKeyPair(kem);
        const message = hpkeSeal(pair, plaintext, context);
        const other = { ...context, [part]: flipped(context[part]) };
        assert.throws(() => hpkeOpen(pair, message, other), isIntegrity);
      });
    }

    it("does not open with another key, another enc, or any flipped or missing byte", () => {
      const pair = generateHpkeKeyPair(kem);
      const message = hpkeSeal(pair, plaintext, context);
      assert.throws(() => hpkeOpen(generateHpkeKeyPair(kem), message, context), isIntegrity);
      const { enc } = hpkeSeal(pair, plaintext, context);
      assert.throws(() => hpkeOpen(pair, { ...message, enc }, context), isIntegrity);
      for (let at = 0; at < message.ciphertext.byteLength; at += 1) {
        const ciphertext = flipped(message.ciphertext, at);
        assert.throws(() => hpkeOpen(pair, { ...message, ciphertext }, context), isIntegrity);
        const cut = message.ciphertext.subarray(0, at);
        assert.throws(() => hpkeOpen(pair, { ...message, ciphertext: cut }, context), isIntegrity);
      }
    });

    it("refuses public keys of the wrong length", () => {
      const { publicKey } = generateHpkeKeyPair(kem);
      for (const wrong of [
        publicKey.subarray(1),
        Buffer.concat([publicKey, publicKey]),
        Buffer.alloc(0),
      ]) {
        assert.throws(
          () => hpkeSeal({ kem, publicKey: wrong }, plaintext, context),
          (error) => isFault(error, "input.invalid"),
        );
      }
    });

    it("refuses a pre-shared key that is too short to protect anything", () => {
      const pair = generateHpkeKeyPair(kem);
      const short = { ...context, psk: randomBytes(31) };
      assert.throws(() => hpkeSeal(pair, plaintext, short), RangeError);
    });
  });
}

describe("HPKE with X25519", () => {
  // Points of small order (RFC 7748 §6.1): whatever the private key, the shared secret is zero.
  for (const point of [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    `ec${"ff".repeat(30)}7f`,
  ]) {
    it(`refuses the small-order point ${point.slice(0, 8)}…`, () => {
      const publicKey = Buffer.from(point, "hex");
      assert.throws(
        () => hpkeSeal({ kem: KEM.x25519, publicKey }, plaintext, context),
        (error) => isFault(error, "input.invalid"),
      );
      const pair = generateHpkeKeyPair(KEM.x25519);
      const message = { enc: publicKey, ciphertext: randomBytes(40) };
      assert.throws(() => hpkeOpen(pair, message, context), isIntegrity);
    });
  }
});

describe("HPKE with P-256", () => {
  it("refuses a point that is not on the curve, a compressed one, and the point at infinity", () => {
    const { publicKey } = generateHpkeKeyPair(KEM.p256);
    const compressed = Buffer.concat([
      Uint8Array.of(2 + ((publicKey[64] ?? 0) & 1)),
      publicKey.subarray(1, 33),
    ]);
    const hybrid = Buffer.from(publicKey);
    hybrid[0] = 6 + ((publicKey[64] ?? 0) & 1);
    const infinity = Buffer.alloc(65);
    infinity[0] = 4;
    for (const wrong of [flipped(publicKey, 64), compressed, hybrid, infinity]) {
      assert.throws(
        () => hpkeSeal({ kem: KEM.p256, publicKey: wrong }, plaintext, context),
        (error) => isFault(error, "input.invalid"),
      );
    }
  });
});
