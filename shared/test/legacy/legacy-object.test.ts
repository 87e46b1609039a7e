import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SUITE } from "../../src/format/layout.ts";
import { legacyKdfOf, legacyObjectOf, legacySuiteOf } from "../../src/legacy/legacy-object.ts";
import { NONCE, SALT } from "./vector-seal.ts";

const meta = (fields: Record<string, string>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`x-amz-meta-${name}`, value]));
const manifest = (fields: object) =>
  Buffer.from(
    JSON.stringify({ v: 1, cs: 65_536, cc: 0, iv: NONCE.toString("base64"), ...fields }),
  ).toString("base64");
const base = {
  encrypted: "true",
  "encryption-algorithm": "AES256-GCM",
  "encryption-key-salt": SALT.toString("base64"),
  "encryption-iv": NONCE.toString("base64"),
};

describe("an object of format 1", () => {
  it("has the layout that its marks say", () => {
    const chunked = { "encryption-chunked": "true", "encryption-manifest": manifest({}) };
    for (const [fields, layout] of [
      [base, "single"],
      [{ ...base, ...chunked }, "chunked"],
      [{ ...base, "encryption-fallback": "true" }, "inner"],
      [{ ...base, "encryption-fallback": "true", "encryption-fallback-version": "1" }, "inner"],
      [{ ...base, "encryption-fallback": "true", "encryption-fallback-version": "2" }, "front"],
      [{ ...base, "encrypted-mpu": "true", "encryption-fallback": "mpu" }, "multipart"],
    ] as const) {
      assert.equal(legacyObjectOf(meta(fields))?.layout, layout);
    }
    assert.equal(legacyObjectOf({ "x-amz-meta-mine": "1" }), undefined);
  });

  it("has a key of the password, or a wrapped one, never one for want of the other", () => {
    const plain = legacyObjectOf(meta(base));
    assert.ok(plain?.layout === "single");
    assert.deepEqual(plain.seal.key, {
      kind: "password",
      salt: SALT,
      kdf: { algorithm: "pbkdf2-sha256", iterations: 100_000 },
    });
    const wrapped = legacyObjectOf(
      meta({ ...base, "encryption-wrapped-key": "AAEC", "encryption-key-version": "3" }),
    );
    assert.ok(wrapped?.layout === "single");
    assert.deepEqual(wrapped.seal.key, {
      kind: "wrapped",
      wrappedKey: Buffer.of(0, 1, 2),
      provider: "cosmian-kmip",
      keyId: "",
      keyVersion: "3",
    });
  });

  it("is refused where its metadata makes no sense", () => {
    const chunked = { ...base, "encryption-chunked": "true" };
    for (const fields of [
      { ...base, "encryption-iv": "AAAA" },
      { ...base, "encryption-key-salt": "" },
      { ...base, "encryption-algorithm": "DES" },
      { ...base, "encryption-original-size": "-1" },
      { ...base, "encryption-wrapped-key": "A".repeat(2000) },
      { ...base, "encryption-kdf-params": "scrypt:1" },
      chunked,
      { ...chunked, "encryption-manifest": manifest({ cs: 0 }) },
      { ...chunked, "encryption-manifest": manifest({ cs: 2 ** 31 }) },
      { ...chunked, "encryption-manifest": manifest({ iv: "AAAA" }) },
      { ...chunked, "encryption-manifest": "bm8gSlNPTg==" },
    ]) {
      assert.throws(() => legacyObjectOf(meta(fields)), { code: "crypto.integrity" });
    }
  });

  it("names its suite and its key derivation", () => {
    assert.equal(legacySuiteOf("AES256GCM"), SUITE.aes256Gcm);
    assert.equal(legacySuiteOf("ChaCha20-Poly1305"), SUITE.chacha20Poly1305);
    assert.deepEqual(legacyKdfOf("argon2id:2:19456:1"), {
      algorithm: "argon2id",
      passes: 2,
      memoryKiB: 19_456,
      lanes: 1,
    });
    for (const text of ["pbkdf2-sha256", "pbkdf2-sha256:1:2", "argon2id:1:2", "pbkdf2-sha256:0"]) {
      assert.throws(() => legacyKdfOf(text), { code: "crypto.integrity" });
    }
  });
});
