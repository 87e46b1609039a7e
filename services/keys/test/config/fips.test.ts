import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fipsProblems } from "../../src/config/fips.ts";
import { EncryptionSection } from "../../src/config.ts";

const problemsOf = (settings: unknown) =>
  EncryptionSection.safeParse(settings).error?.issues.map(({ path }) => path.join(".")) ?? [];

describe("encryption.fips", () => {
  it("refuses every algorithm that is not of the profile", () => {
    const settings = {
      fips: true,
      preferred_algorithm: "ChaCha20-Poly1305",
      kdf: { algorithm: "argon2id" },
    };
    assert.deepEqual(problemsOf(settings), ["preferred_algorithm", "kdf.algorithm"]);
    assert.deepEqual(problemsOf({ ...settings, fips: false }), []);
  });

  it("takes what is of the profile", () => {
    assert.deepEqual(problemsOf({ fips: true }), []);
    assert.deepEqual(fipsProblems(EncryptionSection.parse({ fips: true })), []);
  });
});
