import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../src/faults.ts";
import { timed } from "../../src/runtime/timed.ts";

describe("timed", () => {
  const told: [string, number][] = [];
  const tell = (result: string, seconds: number) => void told.push([result, seconds]);

  it("gives what is done, and tells that it went well and how long it took", async () => {
    assert.equal(await timed(async () => await sleep(5, "done"), tell), "done");
    const [[result, seconds = 0] = []] = told.splice(0);
    assert.equal(result, "ok");
    assert.ok(seconds > 0.003);
  });

  it("tells the code of a fault, and of what is none, and throws it on", async () => {
    const fault = new Fault("limit.busy", "full");
    await assert.rejects(
      timed(() => Promise.reject(fault), tell),
      fault,
    );
    await assert.rejects(
      timed(() => Promise.reject(new Error("bug")), tell),
      /bug/,
    );
    assert.deepEqual(
      told.map(([result]) => result),
      ["limit.busy", "internal.bug"],
    );
  });
});
