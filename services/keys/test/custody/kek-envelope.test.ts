import assert from "node:assert/strict";
import { createDecipheriv, createHmac, createSecretKey, hkdfSync } from "node:crypto";
import { describe, it } from "node:test";
import { checkValueOf, unwrapUnderKek, wrapUnderKek } from "../../src/custody/kek-envelope.ts";
import { is } from "../issued-header.ts";

const bytes = Buffer.alloc(32, 7);
const kek = createSecretKey(bytes);
const binding = Buffer.alloc(32, 0xaa);
const payload = Buffer.alloc(65, 0x55);

describe("wrapUnderKek", () => {
  it("stores salt, iv, ciphertext and tag in 125 bytes, as format.md §5 says", () => {
    const wrapped = wrapUnderKek(kek, payload, binding);
    assert.equal(wrapped.byteLength, 125);
    const derived = hkdfSync("sha256", bytes, wrapped.subarray(0, 32), "s3eg/2/kek", 32);
    const decipher = createDecipheriv(
      "aes-256-gcm",
      Buffer.from(derived),
      wrapped.subarray(32, 44),
    );
    decipher.setAAD(binding).setAuthTag(wrapped.subarray(109));
    const opened = Buffer.concat([decipher.update(wrapped.subarray(44, 109)), decipher.final()]);
    assert.deepEqual(opened, payload);
  });
});

describe("unwrapUnderKek", () => {
  it("opens what was wrapped, and nothing that is too short to be anything", () => {
    assert.deepEqual(unwrapUnderKek(kek, wrapUnderKek(kek, payload, binding), binding), payload);
    assert.throws(() => unwrapUnderKek(kek, Buffer.alloc(59), binding), is("crypto.integrity"));
    assert.throws(() => unwrapUnderKek(kek, Buffer.alloc(125), binding), is("crypto.integrity"));
  });
});

describe("checkValueOf", () => {
  it("is 8 bytes of an HMAC in hex", () => {
    const mac = createHmac("sha256", bytes).update("s3eg/2/kcv").digest("hex");
    assert.equal(checkValueOf(kek), mac.slice(0, 16));
  });
});
