import assert from "node:assert/strict";
import { createSecretKey, pbkdf2Sync } from "node:crypto";
import { describe, it } from "node:test";
import { type AadCandidates, legacyAads } from "../../src/legacy/legacy-aad.ts";
import { openWhole } from "../../src/sealing/legacy-aead.ts";
import { PASSWORD, SALT, vectorSeal } from "./vector-seal.ts";

const NEW =
  "0000000a4145533235362d47434d00000020202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f0000000c000102030405060708090a0b00000001310000000a746578742f706c61696e000000023131";
const OLD =
  "alg:AES256-GCM|salt:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=|iv:AAECAwQFBgcICQoL|kv:1|ct:text/plain|osz:11";
const wish: AadCandidates = { contentTypes: [], hasKeyVersion: true, acceptsNone: false };

describe("associated data of format 1", () => {
  it("is what both generations of writers made", () => {
    const [fields, text, ...others] = legacyAads(vectorSeal(), wish);
    assert.equal(fields?.toString("hex"), NEW);
    assert.equal(text?.toString(), OLD);
    assert.deepEqual(others, []);
  });

  it("leaves out what is not recorded, and tries the types it is given", () => {
    const seal = vectorSeal({ contentType: undefined, keyVersion: "", originalSizeText: "" });
    const aads = legacyAads(seal, { ...wish, contentTypes: ["a/b", "", "a/b"] });
    assert.deepEqual(
      aads.filter((_, n) => n % 2 === 1).map(String),
      ["|ct:a/b", ""].map((end) => OLD.replace("|kv:1|ct:text/plain|osz:11", end)),
    );
    assert.ok(aads[2]?.subarray(-12).equals(Buffer.alloc(12)), "three empty fields");
  });

  it("has no key version in the layouts with metadata inside, and may be none at all", () => {
    const [, text, none] = legacyAads(vectorSeal(), {
      ...wish,
      hasKeyVersion: false,
      acceptsNone: true,
    });
    assert.equal(String(text), OLD.replace("|kv:1", ""));
    assert.equal(none?.byteLength, 0);
  });

  it("opens known answers", () => {
    const key = createSecretKey(pbkdf2Sync(PASSWORD, SALT, 100_000, 32, "sha256"));
    const known = [
      ["5b7b2d89c20d16c8c2da34b7a512cb0c723df8593614c0990e0612", 0],
      ["5b7b2d89c20d16c8c2da34210a648a1a6e85e93efba10f11be0f0c", 1],
      ["5b7b2d89c20d16c8c2da340782fc654fed747fdb2aeb067f61d6f4", 2],
    ] as const;
    const { suite, nonce } = vectorSeal();
    const aads = legacyAads(vectorSeal(), { ...wish, acceptsNone: true });
    for (const [sealed, which] of known) {
      for (const [at, aad] of aads.entries()) {
        const open = () => openWhole(Buffer.from(sealed, "hex"), { suite, key, nonce, aad });
        if (at === which) assert.equal(open().toString(), "hello world");
        else assert.throws(open, { code: "crypto.integrity" });
      }
    }
  });
});
