import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InFlight } from "../../src/runtime/in-flight.ts";

describe("InFlight", () => {
  it("counts work until it settles, whether it succeeds or fails", async () => {
    const inFlight = new InFlight();
    const good = Promise.withResolvers<string>();
    const bad = Promise.withResolvers<string>();
    const running = [inFlight.run(() => good.promise), inFlight.run(() => bad.promise)];
    assert.equal(inFlight.count, 2);
    good.resolve("done");
    assert.equal(await running[0], "done");
    bad.reject(new Error("failed"));
    await assert.rejects(running[1] ?? Promise.resolve(), /failed/);
    assert.equal(inFlight.count, 0);
  });

  it("is idle at once when nothing is under way, else when the last work is done", async () => {
    const inFlight = new InFlight();
    assert.equal(await inFlight.idle(0), true);
    const work = Promise.withResolvers<void>();
    const running = inFlight.run(() => work.promise);
    const idle = inFlight.idle(10_000);
    work.resolve();
    assert.equal(await idle, true);
    await running;
  });

  it("stops waiting after the time given", async () => {
    const inFlight = new InFlight();
    const work = Promise.withResolvers<void>();
    const running = inFlight.run(() => work.promise);
    assert.equal(await inFlight.idle(1), false);
    work.resolve();
    await running;
  });
});
