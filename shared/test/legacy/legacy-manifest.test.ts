import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  companionKeyOf,
  isLegacyCompanion,
  isLegacyCompanionName,
  parseLegacyManifest,
  partsOfObject,
} from "../../src/legacy/legacy-manifest.ts";

const part = (pn: number, plain: number) => ({
  pn,
  etag: "e",
  plain_len: plain,
  enc_len: plain + 16 * Math.ceil(plain / 65_536),
  chunks: Math.ceil(plain / 65_536),
});
const envelope = { KeyID: "k", KeyVersion: 2, Provider: "password", Ciphertext: "AAEC" };
const fields = {
  v: 1,
  alg: "AES256GCM",
  cs: 65_536,
  iv_prefix: "aabbccddeeff112233445566",
  uid_hash: "Djkbh36fEyajCuxwZ1GKdpLDWV-JggUls96yBWTuDZ8=",
  wrapped_dek: JSON.stringify(envelope),
  parts: [part(1, 70_000), part(3, 0), part(5, 10)],
};
const parse = (wish: object = {}) =>
  parseLegacyManifest(Buffer.from(JSON.stringify({ ...fields, ...wish })));

describe("the companion manifest of format 1", () => {
  it("lies beside its object, whatever the object points at", () => {
    assert.equal(companionKeyOf("a/b"), "a/b.mpu-manifest");
  });

  it("names key, nonces and parts", () => {
    const manifest = parse();
    assert.equal(manifest.noncePrefix.byteLength, 12);
    assert.equal(manifest.uploadIdHash.byteLength, 32);
    assert.deepEqual(manifest.key, {
      kind: "wrapped",
      wrappedKey: Buffer.of(0, 1, 2),
      provider: "password",
      keyId: "k",
      keyVersion: "2",
    });
    assert.deepEqual(
      manifest.parts.map(({ partNumber }) => partNumber),
      [1, 3, 5],
    );
  });

  it("is refused where it makes no sense", () => {
    for (const wish of [
      { v: 2 },
      { cs: 1 },
      { iv_prefix: "aa" },
      { uid_hash: "" },
      { alg: "DES" },
      { wrapped_dek: "{" },
      { wrapped_dek: envelope },
      { parts: "x" },
      { parts: [part(2, 1), part(1, 1)] },
      { parts: [part(1, 1), part(1, 1)] },
      { parts: [{ ...part(1, 1), enc_len: 5 }] },
      { parts: [{ ...part(1, 1), plain_len: -1 }] },
      { parts: [null] },
    ]) {
      assert.throws(() => parse(wish), { code: "crypto.integrity" });
    }
    assert.throws(() => parseLegacyManifest(Buffer.from("no")), { code: "crypto.integrity" });
  });

  it("may list a part that the object does not have: its size tells which", () => {
    const manifest = parse();
    const numbers = (stored: number) => partsOfObject(manifest, stored).map((p) => p.partNumber);
    assert.deepEqual(numbers(70_032 + 26), [1, 5]);
    assert.deepEqual(numbers(70_032), [1]);
    assert.deepEqual(numbers(26), [5]);
    for (const stored of [0, 27, 100_000]) {
      assert.throws(() => numbers(stored), { code: "crypto.integrity" });
    }
    const doubled = parse({ parts: [part(1, 10), part(2, 10)] });
    assert.throws(() => partsOfObject(doubled, 26), { code: "crypto.integrity" });
  });
});

describe("a stored manifest", () => {
  const marks = { "x-amz-meta-encrypted": "true", "x-amz-meta-encryption-mpu-manifest": "true" };

  it("is known by its name and both marks", () => {
    assert.ok(isLegacyCompanion("k.mpu-manifest", marks));
    assert.ok(isLegacyCompanionName("k.mpu-manifest"));
  });

  it("is not a client's object of that name, or another object with the marks", () => {
    const { "x-amz-meta-encrypted": encrypted, ...mark } = marks;
    for (const [key, headers] of [
      ["k", marks],
      ["k.mpu-manifest.txt", marks],
      ["k.mpu-manifest", {}],
      ["k.mpu-manifest", mark],
      ["k.mpu-manifest", { "x-amz-meta-encrypted": encrypted }],
      ["k.mpu-manifest", { ...marks, "x-amz-meta-encryption-mpu-manifest": "false" }],
      ["k.mpu-manifest", { ...marks, "x-amz-meta-s3eg": "AgEA" }],
    ] as const) {
      assert.equal(isLegacyCompanion(key, headers), false, `${key} ${JSON.stringify(headers)}`);
    }
    assert.equal(isLegacyCompanionName("k.mpu-manifest.txt"), false);
  });
});
