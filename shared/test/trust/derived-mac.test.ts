import assert from "node:assert/strict";
import { createHmac, hkdfSync } from "node:crypto";
import { describe, it } from "node:test";
import { Secret } from "../../src/runtime/secret.ts";
import { DerivedMac } from "../../src/trust/derived-mac.ts";

const bytes = Buffer.alloc(32, 7);
const secret = new Secret<Uint8Array>(bytes);

describe("DerivedMac", () => {
  it("is HMAC-SHA-256 under the key that HKDF derives for the label", () => {
    const key = Buffer.from(hkdfSync("sha256", bytes, "", "s3eg/2/test", 32));
    const expected = createHmac("sha256", key).update("said").digest();
    assert.deepEqual(new DerivedMac(secret, "s3eg/2/test").of("said"), expected);
  });

  it("is of its text, its purpose and its secret alone", () => {
    const mac = new DerivedMac(secret, "a");
    const made = mac.of("said");
    assert.equal(mac.isOf("said", made), true);
    assert.equal(mac.isOf("other", made), false);
    assert.equal(mac.isOf("said", made.subarray(1)), false);
    assert.equal(mac.isOf("said", Buffer.alloc(0)), false);
    assert.equal(new DerivedMac(secret, "b").isOf("said", made), false);
    const another = new Secret<Uint8Array>(Buffer.alloc(32, 8));
    assert.equal(new DerivedMac(another, "a").isOf("said", made), false);
  });
});
