import assert from "node:assert/strict";
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { describe, it } from "node:test";
import {
  authenticate,
  authenticated,
  checkValueOfPublic,
  envelopeKeyOf,
} from "../../src/custody/rsa-envelope.ts";
import { is } from "../issued-header.ts";

const bytes = Buffer.alloc(32, 9);
const envelopeKey = createSecretKey(bytes);
const binding = Buffer.alloc(32, 0xaa);
const oaep = Buffer.alloc(256, 0x33);

/** SHA-256 of the public half, as SPKI DER. */
function spkiDigest(key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest();
}

describe("an authenticated RSA envelope", () => {
  const wrapped = authenticated(oaep, { envelopeKey, binding });

  it("is the ciphertext with its length, and a MAC over both and the binding", () => {
    assert.equal(wrapped.byteLength, 2 + 256 + 32);
    assert.deepEqual(wrapped.subarray(0, 2), Buffer.from([1, 0]));
    const mac = createHmac("sha256", bytes)
      .update("s3eg/2/rsa")
      .update(wrapped.subarray(0, 258))
      .update(binding)
      .digest();
    assert.deepEqual(wrapped.subarray(258), mac);
    assert.deepEqual(authenticate(wrapped, { envelopeKey, binding }), oaep);
  });

  it("is refused under another key or binding, cut, or with a byte more", () => {
    const other = createSecretKey(Buffer.alloc(32, 8));
    const refused = (value: Uint8Array, use = { envelopeKey, binding }) =>
      assert.throws(() => authenticate(value, use), is("crypto.integrity"));
    refused(wrapped, { envelopeKey: other, binding });
    refused(wrapped, { envelopeKey, binding: Buffer.alloc(32) });
    refused(wrapped.subarray(0, 289));
    refused(Buffer.concat([wrapped, Buffer.of(0)]));
    refused(Buffer.alloc(0));
  });
});

describe("envelopeKeyOf", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

  it("follows from the larger and the smaller prime and the public key", () => {
    const { p = "", q = "" } = privateKey.export({ format: "jwk" });
    const hex = (text: string) => BigInt(`0x${Buffer.from(text, "base64url").toString("hex")}`);
    const [large, small] = hex(p) > hex(q) ? [p, q] : [q, p];
    const spki = spkiDigest(privateKey);
    const primes = Buffer.concat([large, small].map((text) => Buffer.from(text, "base64url")));
    const expected = Buffer.from(hkdfSync("sha256", primes, spki, "s3eg/2/rsa-envelope", 32));
    assert.deepEqual(envelopeKeyOf(privateKey), expected);
  });

  it("does not depend on how the key is written", () => {
    const pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" });
    assert.deepEqual(envelopeKeyOf(createPrivateKey(pkcs1)), envelopeKeyOf(privateKey));
  });
});

describe("checkValueOfPublic", () => {
  it("is the same for both halves, and 8 bytes in hex", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    assert.equal(checkValueOfPublic(privateKey), checkValueOfPublic(publicKey));
    assert.equal(
      checkValueOfPublic(publicKey),
      spkiDigest(privateKey).toString("hex").slice(0, 16),
    );
  });
});
