import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RateLimit } from "../src/rate-limit.ts";

describe("RateLimit", () => {
  it("lets a burst through, then as many as have been refilled", () => {
    let ms = 0;
    const limit = new RateLimit(60, () => ms);
    for (let index = 0; index < 60; index++) assert.ok(limit.take("a"));
    assert.equal(limit.take("a"), false);
    ms = 999;
    assert.equal(limit.has("a"), false);
    ms = 1001;
    assert.ok(limit.has("a"));
    assert.ok(limit.take("a"));
    assert.equal(limit.take("a"), false);
  });

  it("never refuses a client that stays under the rate", () => {
    let ms = 0;
    const limit = new RateLimit(60, () => ms);
    for (let index = 0; index < 500; index++) {
      assert.ok(limit.take("a"));
      ms += 1000;
    }
  });

  it("counts each client on its own", () => {
    const limit = new RateLimit(1, () => 0);
    assert.ok(limit.take("a"));
    assert.ok(limit.take("b"));
    assert.equal(limit.take("a"), false);
  });

  it("remembers a bounded number of clients, and forgets the one not seen for longest", () => {
    const limit = new RateLimit(1, () => 0);
    assert.ok(limit.take("first"));
    assert.ok(limit.take("second"));
    assert.equal(limit.take("first"), false);
    for (let index = 0; index < 9999; index++) limit.take(`other-${index}`);
    assert.equal(limit.take("first"), false);
    assert.ok(limit.take("second"));
  });
});
