import assert from "node:assert/strict";
import { appendFile, readFile, rename } from "node:fs/promises";
import { describe, it } from "node:test";
import { readTrailEnd } from "../../src/chain/trail-end.ts";
import { eventLine, trailFolder } from "./trail-folder.ts";

describe("readTrailEnd", () => {
  it("finds the last line and the events, and cuts off half a line", async () => {
    await using trail = await trailFolder();
    const sink = await trail.open();
    await sink.write([eventLine(1), eventLine(2)]);
    const whole = await readFile(trail.path, "utf8");
    await appendFile(trail.path, '{"event_id":"e3');
    const { last, eventIds } = await readTrailEnd(trail.path, trail.key);
    assert.equal(last?.seq, 2);
    assert.deepEqual(eventIds, ["e1", "e2"]);
    assert.equal(await readFile(trail.path, "utf8"), whole);
  });

  it("looks into the file that was moved away last", async () => {
    await using trail = await trailFolder();
    await (await trail.open()).write([eventLine(1)]);
    await rename(trail.path, `${trail.path}.1`);
    await appendFile(trail.path, "");
    assert.equal((await readTrailEnd(trail.path, trail.key)).last?.seq, 1);
  });

  it("knows nothing of an empty trail, or of lines that do not verify", async () => {
    await using trail = await trailFolder();
    await appendFile(trail.path, "{}\n");
    const { last, eventIds } = await readTrailEnd(trail.path, trail.key);
    assert.deepEqual([last, eventIds], [undefined, []]);
  });
});
