import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { contentsOf, policyFile } from "../../src/config/policy-file.ts";

const parse = (settings: object) =>
  policyFile
    .safeParse({ id: "a", buckets: ["a"], ...settings })
    .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

describe("a policy file", () => {
  for (const settings of [
    {},
    { contents: "mixed", encrypt_multipart_uploads: false },
    { disable_encryption: true },
    { metadata: "sealed", contents: "mixed" },
    { metadata: "plain", disable_encryption: true },
    { disable_encryption: true, contents: "pass-through", encrypt_multipart_uploads: false },
    { require_encryption: true, encrypt_multipart_uploads: true, disallow_lock_bypass: true },
    { rate_limit: { enabled: true, limit: 1, window: "1s" } },
    { encryption: { password: "a password", preferred_algorithm: "AES256-GCM" } },
    { encryption: { key_manager: { enabled: true, provider: "kmip" } } },
  ]) {
    it(`may say ${JSON.stringify(settings)}`, () => {
      assert.deepEqual(parse(settings), []);
    });
  }

  for (const [settings, path] of [
    [{ encrypt_multipart_uploads: false }, "encrypt_multipart_uploads"],
    [{ disable_encryption: true, contents: "sealed" }, "disable_encryption"],
    [{ disable_encryption: true, require_encryption: true }, "require_encryption"],
    [{ contents: "pass-through", require_encryption: true }, "require_encryption"],
    [
      { contents: "mixed", encrypt_multipart_uploads: false, require_encryption: true },
      "require_encryption",
    ],
    [{ metadata: "sealed", disable_encryption: true }, "metadata"],
    [{ metadata: "sealed", contents: "pass-through" }, "metadata"],
    [{ metadata: "sealed", contents: "mixed", encrypt_multipart_uploads: false }, "metadata"],
    [{ metadata: "hidden" }, "metadata"],
    [{ encryption: { chunk_size: 1 } }, "encryption"],
    [{ encryption: { key_manager: { openbao: {} } } }, "encryption.key_manager.openbao"],
    [
      { disable_encryption: true, encryption: { key_manager: { provider: "rsa" } } },
      "encryption.key_manager",
    ],
    [{ rate_limit: { limit: 0 } }, "rate_limit.limit"],
  ] as const) {
    it(`may not say ${JSON.stringify(settings)}`, () => {
      const [problem, ...more] = parse(settings);
      assert.ok(problem?.startsWith(`${path}:`), problem);
      assert.deepEqual(more, []);
    });
  }

  it("says what its buckets contain, or leaves it to the default", () => {
    assert.equal(contentsOf({ disable_encryption: false }, "sealed"), "sealed");
    assert.equal(contentsOf({ disable_encryption: false, contents: "mixed" }, "sealed"), "mixed");
    assert.equal(contentsOf({ disable_encryption: true }, "sealed"), "pass-through");
  });
});
