import assert from "node:assert/strict";
import { createCipheriv, createSecretKey, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { SUITE } from "../../src/format/layout.ts";
import { legacyDecipher, openWhole } from "../../src/sealing/legacy-aead.ts";

const key = createSecretKey(Buffer.alloc(32, 7));
const nonce = Buffer.alloc(12, 1);

function sealed(name: string, plain: Uint8Array, aad?: Uint8Array): Buffer {
  const cipher = createCipheriv(name as "aes-256-gcm", key, nonce, { authTagLength: 16 });
  if (aad) cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

describe("a message of format 1", () => {
  it("opens in both suites, with associated data and without", () => {
    const plain = randomBytes(100);
    for (const [suite, name] of [
      [SUITE.aes256Gcm, "aes-256-gcm"],
      [SUITE.chacha20Poly1305, "chacha20-poly1305"],
    ] as const) {
      for (const aad of [undefined, Buffer.from("bound")]) {
        const message = sealed(name, plain, aad);
        const cipher = { suite, key, nonce, ...(aad ? { aad } : {}) };
        assert.ok(openWhole(message, cipher).equals(plain));
        for (let at = 0; at < message.length; at += 13) {
          const spoiled = Buffer.from(message);
          spoiled.writeUInt8(spoiled.readUInt8(at) ^ 1, at);
          assert.throws(() => openWhole(spoiled, cipher), { code: "crypto.integrity" });
        }
        const other = { ...cipher, aad: Buffer.from("other") };
        assert.throws(() => openWhole(message, other), { code: "crypto.integrity" });
      }
    }
  });

  it("takes empty associated data for none, and is never shorter than its tag", () => {
    const cipher = { suite: SUITE.aes256Gcm, key, nonce };
    const message = sealed("aes-256-gcm", Buffer.from("x"));
    assert.equal(String(openWhole(message, { ...cipher, aad: Buffer.alloc(0) })), "x");
    assert.throws(() => openWhole(Buffer.alloc(15), cipher), { code: "crypto.integrity" });
    const decipher = legacyDecipher(cipher);
    assert.equal(String(decipher.update(message.subarray(0, 1))), "x");
  });
});
