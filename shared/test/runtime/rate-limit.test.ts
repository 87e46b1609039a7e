import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RateLimit } from "../../src/runtime/rate-limit.ts";

describe("RateLimit", () => {
  it("lets a burst through, then as many as have been refilled", () => {
    let ms = 0;
    const limit = new RateLimit({ limit: 60, windowMs: 60_000 }, () => ms);
    for (let index = 0; index < 60; index++) assert.ok(limit.take("a"));
    assert.equal(limit.take("a"), false);
    ms = 999;
    assert.equal(limit.has("a"), false);
    ms = 1001;
    assert.ok(limit.has("a"));
    assert.ok(limit.take("a"));
    assert.equal(limit.take("a"), false);
  });

  it("tells how long until the next token", () => {
    let ms = 0;
    const limit = new RateLimit({ limit: 2, windowMs: 1000 }, () => ms);
    assert.equal(limit.waitMs("a"), 0);
    for (let index = 0; index < 2; index++) assert.ok(limit.take("a"));
    assert.equal(limit.waitMs("a"), 500);
    ms = 200;
    assert.equal(limit.waitMs("a"), 300);
    ms = 501;
    assert.equal(limit.waitMs("a"), 0);
  });

  it("never refuses a client that stays under the rate", () => {
    let ms = 0;
    const limit = new RateLimit({ limit: 60, windowMs: 60_000 }, () => ms);
    for (let index = 0; index < 500; index++) {
      assert.ok(limit.take("a"));
      ms += 1000;
    }
  });

  it("counts each client on its own", () => {
    const limit = new RateLimit({ limit: 1, windowMs: 60_000 }, () => 0);
    assert.ok(limit.take("a"));
    assert.ok(limit.take("b"));
    assert.equal(limit.take("a"), false);
  });

  it("remembers a bounded number of clients, and forgets the one not seen for longest", () => {
    const limit = new RateLimit({ limit: 1, windowMs: 60_000, maxClients: 3 }, () => 0);
    assert.ok(limit.take("first"));
    assert.ok(limit.take("second"));
    assert.equal(limit.take("first"), false);
    for (let index = 0; index < 2; index++) limit.take(`other-${index}`);
    assert.equal(limit.take("first"), false);
    assert.ok(limit.take("second"));
  });
});
