import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NOBODY } from "../src/auth/anonymous.ts";
import { awaitedContinue } from "../src/awaited-continue.ts";

const known = { ...NOBODY, accessKey: "A", identity: "A" };

describe("awaitedContinue", () => {
  it("hands the expectation of nobody on to the backend", () => {
    const headers = { expect: "100-Continue" };
    assert.deepEqual(awaitedContinue({ headers, principal: NOBODY }), { expect: "100-continue" });
  });

  it("hands on nothing of a caller who is known, and no other expectation", () => {
    assert.deepEqual(
      awaitedContinue({ headers: { expect: "100-continue" }, principal: known }),
      {},
    );
    for (const headers of [{}, { expect: "" }, { expect: "200-ok" }]) {
      assert.deepEqual(awaitedContinue({ headers, principal: NOBODY }), {});
    }
  });
});
