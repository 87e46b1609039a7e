import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problems } from "./read-settings.ts";

describe("the kdf section", () => {
  it("has the defaults users know", () => {
    const { algorithm, pbkdf2, argon2id } = load({}).kdf;
    assert.equal(algorithm, "pbkdf2-sha256");
    assert.deepEqual(pbkdf2, { iterations: 600_000 });
    assert.deepEqual(argon2id, { time: 2, memory: 19_456, threads: 1 });
  });

  for (const [name, value] of [
    ["PBKDF2_ITERATIONS", "99999"],
    ["PBKDF2_ITERATIONS", "2000001"],
    ["ARGON2ID_TIME", "7"],
    ["ARGON2ID_MEMORY", "262145"],
    ["ARGON2ID_THREADS", "0"],
  ] as const) {
    it(`refuses ${value} for ${name}`, () => {
      assert.match(problems({ [`ENCRYPTION_KDF_${name}`]: value }), new RegExp(name));
    });
  }
});
