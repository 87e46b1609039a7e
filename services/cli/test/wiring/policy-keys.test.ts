import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refuseUnknownKeys } from "../../src/wiring/policy-keys.ts";

const wishes = ["rsa", "kmip", "transit"].map((provider, at) => ({
  keyWish: { provider },
  place: `policy-${at}.yaml line 7`,
}));

describe("the keys of policies", () => {
  it("are all let through, or every one that is not is named with its place", () => {
    const none = { wishProblem: () => undefined };
    assert.doesNotThrow(() => refuseUnknownKeys({ keyWishes: wishes }, none));
    const custodians = {
      wishProblem: ({ provider }: { provider: string }) =>
        provider === "kmip" ? undefined : `no ${provider}`,
    };
    assert.throws(() => refuseUnknownKeys({ keyWishes: wishes }, custodians), {
      code: "config.invalid",
      message: "policy-0.yaml line 7: no rsa\npolicy-2.yaml line 7: no transit",
    });
  });
});
