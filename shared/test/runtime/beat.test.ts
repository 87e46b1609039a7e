import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { startBeat } from "../../src/runtime/beat.ts";
import { KeptLog } from "./kept-log.ts";

const settled = () => new Promise(setImmediate);

describe("beat", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setInterval"] }));
  afterEach(() => mock.timers.reset());

  /** A beat that keeps what it was told of its end, and waits before each announcement for `gate`. */
  function beating(announced: boolean[], gate: () => Promise<void> = async () => {}) {
    const log = new KeptLog();
    const announce = async (isEnding: boolean) => {
      await gate();
      announced.push(isEnding);
    };
    return { log, beat: startBeat({ announce, intervalMs: 1000, log, complaint: "not heard" }) };
  }

  it("announces at once, at its interval, when it is told to, and a last time", async () => {
    const announced: boolean[] = [];
    const { beat } = beating(announced);
    await settled();
    mock.timers.tick(1000);
    await settled();
    await beat.beat();
    assert.deepEqual(announced, [false, false, false]);
    await beat[Symbol.asyncDispose]();
    mock.timers.tick(5000);
    await settled();
    assert.deepEqual(announced, [false, false, false, true]);
  });

  it("announces one after the other, and leaves out what would pile up", async () => {
    const announced: boolean[] = [];
    const slow = Promise.withResolvers<void>();
    const { beat } = beating(announced, () => slow.promise);
    await settled();
    mock.timers.tick(3000);
    const asked = beat.beat();
    await settled();
    assert.deepEqual(announced, []);
    slow.resolve();
    await asked;
    assert.deepEqual(announced, [false, false]);
    await beat[Symbol.asyncDispose]();
  });

  it("goes on where it can't be heard, and says so once until it can", async () => {
    let isDeaf = true;
    const { beat, log } = beating([], async () => {
      if (isDeaf) throw new Error("nobody there");
    });
    for (let n = 0; n < 3; n += 1) await beat.beat();
    assert.deepEqual(log.lines, ["not heard"]);
    isDeaf = false;
    await beat.beat();
    isDeaf = true;
    await beat[Symbol.asyncDispose]();
    assert.deepEqual(log.lines, ["not heard", "not heard"]);
  });
});
