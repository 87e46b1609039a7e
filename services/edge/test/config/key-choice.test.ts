import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyChoice } from "../../src/config/key-choice.ts";

const problems = (choice: object) =>
  KeyChoice.safeParse(choice).error?.issues.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  ) ?? [];

describe("the key that a policy chooses", () => {
  for (const [choice, wish] of [
    [{}, undefined],
    [{ enabled: false }, undefined],
    [{ enabled: false, provider: "kmip" }, undefined],
    [{ provider: "rsa" }, { provider: "rsa" }],
    [
      { enabled: true, provider: "kmip", key_id: "tenant" },
      { provider: "kmip", keyId: "tenant" },
    ],
  ] as const) {
    it(`may be ${JSON.stringify(choice)}`, () => {
      assert.deepEqual(KeyChoice.parse(choice), wish);
    });
  }

  for (const [choice, problem] of [
    [{ enabled: true }, /^provider: is needed/],
    [{ key_id: "tenant" }, /^provider: is needed/],
    [{ provider: "nowhere" }, /^provider: /],
    [{ provider: "password", key_id: "x" }, /^key_id: /],
    [{ provider: "kmip", key_id: "" }, /^key_id: /],
  ] as const) {
    it(`may not be ${JSON.stringify(choice)}`, () => {
      const [first, ...more] = problems(choice);
      assert.match(first ?? "", problem);
      assert.deepEqual(more, []);
    });
  }

  it("holds no key and no way to one, and no problem tells what was there", () => {
    const secrets = {
      provider: "aes",
      self_contained: { type: "aes", aes: { keys: ["1=base64:c2VjcmV0"] } },
      openbao: { auth: { token: "c2VjcmV0" } },
    };
    const found = problems(secrets);
    assert.equal(found.length, 2);
    assert.match(found[0] ?? "", /^self_contained: is not a policy's to say: .*for keys alone/);
    assert.match(found[1] ?? "", /^openbao: /);
    assert.ok(!found.join().includes("c2VjcmV0"));
  });
});
