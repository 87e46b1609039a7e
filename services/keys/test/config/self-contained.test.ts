import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { selfContainedProblems } from "../../src/config/self-contained.ts";
import { load, problems } from "./read-settings.ts";

describe("the self_contained section", () => {
  it("puts the single RSA key before the listed ones", () => {
    const { rsa } = load({
      SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: "env:NEW",
      SELF_CONTAINED_RSA_KEY_VERSION: "3",
      SELF_CONTAINED_RSA_KEYS: "1=env:A,2=file:/b",
    }).key_manager.self_contained;
    assert.deepEqual(
      rsa.keys.map(({ version, private_key_source }) => [version, private_key_source.reveal()]),
      [
        [3, "env:NEW"],
        [1, "env:A"],
        [2, "file:/b"],
      ],
    );
  });

  it("has version 1 where nobody says", () => {
    const { rsa } = load({ SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: "env:X" }).key_manager
      .self_contained;
    assert.equal(rsa.keys[0]?.version, 1);
  });

  it("refuses an RSA version that is there twice, and an active one that is not there", () => {
    const one = { SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: "env:X" };
    assert.match(problems({ ...one, SELF_CONTAINED_RSA_KEYS: "1=env:A" }), /given twice/);
    const env = { ...one, SELF_CONTAINED_RSA_ACTIVE_VERSION: "2" };
    assert.match(problems(env), /ACTIVE_VERSION.*none of the versions/);
  });

  it("misses a key of the kind that writes", () => {
    const { self_contained } = load({ SELF_CONTAINED_AES_KEYS: "1=env:X" }).key_manager;
    assert.deepEqual(selfContainedProblems(self_contained, "aes"), []);
    assert.equal(selfContainedProblems(self_contained, "rsa").length, 1);
  });
});
