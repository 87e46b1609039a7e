import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Carriers } from "../../src/backend/carriers.ts";

const SETTINGS = {
  endpoint: new URL("http://s3.test"),
  timeouts: { connectMs: 1000, headersMs: 1000, idleMs: 1000 },
  maxConnections: 1,
};

describe("Carriers", () => {
  it("keeps one pair for each host", async () => {
    await using carriers = new Carriers(SETTINGS);
    const first = carriers.of("a.s3.test");
    const second = carriers.of("b.s3.test:9000");
    assert.notEqual(first, second);
    assert.equal(carriers.of("a.s3.test"), first);
    assert.equal(carriers.of("b.s3.test:9000"), second);
  });

  it("lets go of the host unused for longest when there are many", async () => {
    await using carriers = new Carriers(SETTINGS);
    const first = carriers.of("0.s3.test");
    const second = carriers.of("1.s3.test");
    for (let n = 2; n < 32; n += 1) carriers.of(`${n}.s3.test`);
    assert.equal(carriers.of("0.s3.test"), first);
    carriers.of("one-more.s3.test");
    assert.equal(carriers.of("0.s3.test"), first);
    assert.notEqual(carriers.of("1.s3.test"), second);
  });
});
