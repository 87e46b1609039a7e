import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WrapsUnderWay } from "../../src/rotation/wraps-under-way.ts";

describe("WrapsUnderWay", () => {
  it("counts wraps from their beginning to their end, however they end", async () => {
    const wraps = new WrapsUnderWay();
    const gate = Promise.withResolvers<string>();
    const one = wraps.run(() => gate.promise);
    const other = wraps.run(async () => await Promise.reject(new Error("away")));
    assert.equal(wraps.count, 2);
    assert.equal(wraps.begunBefore(Date.now() + 1), 2);
    assert.equal(wraps.begunBefore(Date.now() - 60_000), 0);
    await assert.rejects(other, /away/);
    assert.equal(wraps.count, 1);
    gate.resolve("wrapped");
    assert.equal(await one, "wrapped");
    assert.equal(wraps.count, 0);
  });
});
