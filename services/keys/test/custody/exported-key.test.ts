import assert from "node:assert/strict";
import { createCipheriv, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { ExportedKey } from "../../src/custody/exported-key.ts";

const KEK = Buffer.alloc(32, 7);
const PAYLOAD = randomBytes(65);
const BINDING = randomBytes(32);
const key = new ExportedKey(new Secret(KEK));

function sealed(algorithm: string, aad: Uint8Array | undefined, payload = PAYLOAD): Buffer {
  const iv = Buffer.alloc(12, 1);
  const cipher = createCipheriv(algorithm as "aes-256-gcm", KEK, iv, { authTagLength: 16 });
  if (aad) cipher.setAAD(aad);
  return Buffer.concat([iv, cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
}

const transit = (bytes: Buffer) => Buffer.from(`vault:v3:${bytes.toString("base64")}`);
const useOf = (provider: "kmip" | "pkcs11" | "transit", binding = BINDING) => ({
  key: { provider, keyId: "whatever", keyVersion: 1 },
  binding,
});

describe("an exported key", () => {
  it("opens what KMIP, PKCS#11 and Transit wrapped under it", async () => {
    const aes = sealed("aes-256-gcm", BINDING);
    assert.deepEqual(await key.unwrap(aes, useOf("kmip")), PAYLOAD);
    assert.deepEqual(await key.unwrap(aes, useOf("pkcs11")), PAYLOAD);
    for (const algorithm of ["aes-256-gcm", "chacha20-poly1305"]) {
      const wrapped = transit(sealed(algorithm, BINDING));
      assert.deepEqual(await key.unwrap(wrapped, useOf("transit")), PAYLOAD);
    }
  });

  it("refuses another binding, another key and every changed byte", async () => {
    const wrapped = sealed("aes-256-gcm", BINDING);
    const integrity = { code: "crypto.integrity" };
    await assert.rejects(key.unwrap(wrapped, useOf("kmip", randomBytes(32))), integrity);
    await assert.rejects(
      new ExportedKey(new Secret(randomBytes(32))).unwrap(wrapped, useOf("kmip")),
      integrity,
    );
    for (let at = 0; at < wrapped.byteLength; at++) {
      const changed = Buffer.from(wrapped);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(key.unwrap(changed, useOf("kmip")), integrity);
    }
    for (const odd of [Buffer.alloc(0), wrapped.subarray(0, 20), transit(wrapped)]) {
      await assert.rejects(key.unwrap(odd, useOf("kmip")), integrity);
    }
    await assert.rejects(key.unwrap(wrapped, useOf("transit")), integrity);
  });

  it("opens data keys of format 1: AES key wrap, and Transit without associated data", async () => {
    const dataKey = randomBytes(32);
    const about = { keyId: "k", keyVersion: "1" };
    const wrap = createCipheriv("id-aes256-wrap", KEK, Buffer.alloc(8, 0xa6));
    const byKeyWrap = Buffer.concat([wrap.update(dataKey), wrap.final()]);
    const padded = createCipheriv("id-aes256-wrap-pad", KEK, Buffer.from("a65959a6", "hex"));
    const byPadded = Buffer.concat([padded.update(dataKey), padded.final()]);
    const byTransit = transit(sealed("aes-256-gcm", undefined, dataKey));
    for (const wrappedKey of [byKeyWrap, byPadded, byTransit]) {
      assert.deepEqual(await key.unwrapLegacy({ wrappedKey, ...about }), dataKey);
      const changed = Buffer.from(wrappedKey);
      changed[changed.byteLength - 3] = (changed.at(-3) ?? 0) ^ 2;
      await assert.rejects(key.unwrapLegacy({ wrappedKey: changed, ...about }), {
        code: "crypto.integrity",
      });
    }
  });

  it("takes the name that an object gives, of stores that export keys, and wraps nothing", async () => {
    const named = { provider: "transit", keyId: "transit/photos", keyVersion: 0 } as const;
    assert.deepEqual(key.keyNamed(named), named);
    assert.equal(key.keyNamed({ ...named, provider: "aws-kms" }), undefined);
    assert.equal(key.keyNamed({ ...named, provider: "aes" }), undefined);
    await assert.rejects(key.wrap(), { code: "keys.denied" });
  });
});
