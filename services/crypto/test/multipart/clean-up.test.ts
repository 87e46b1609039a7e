import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cleanUpTimes, startCleanUp } from "../../src/multipart/clean-up.ts";
import { KeptLog } from "../stand-in-keys.ts";
import { RunningUploads } from "./running-uploads.ts";

describe("cleanUpTimes", () => {
  it("ends an upload an eighth of its life before its state, in one of four rounds at least", () => {
    const week = 604_800_000;
    assert.deepEqual(cleanUpTimes({ everyMs: 900_000, ttlMs: week }), {
      intervalMs: 900_000,
      expiringWithinMs: 75_600_000,
    });
    assert.deepEqual(cleanUpTimes({ everyMs: 900_000, ttlMs: 60_000 }), {
      intervalMs: 1875,
      expiringWithinMs: 7500,
    });
  });
});

describe("startCleanUp", () => {
  it("clears at intervals, says so, and says once that it can't", async () => {
    await using uploads = new RunningUploads();
    const { backend, state } = uploads;
    const log = new KeptLog();
    const options = { everyMs: 5, ttlMs: 60_000, log };
    const { uploadId } = await uploads.create();
    const { list } = state;
    state.list = () => {
      throw new Error("out of reach");
    };
    await using _ = startCleanUp({ backend, state, now: Date.now }, options);
    while (log.lines.length < 2) await sleep(2);
    await sleep(30);
    state.list = list;
    backend.uploads.delete(uploadId);
    while ((await state.check()).activeUploads > 0 || log.lines.length < 3) await sleep(2);
    // Both kinds of rounds say it, and no round says it again.
    const failed = "dead uploads were not cleared; tried again later";
    const ended = "ended uploads that nobody will complete";
    assert.deepEqual(log.lines, [failed, failed, ended]);
  });
});
