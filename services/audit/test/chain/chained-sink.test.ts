import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { ChainedSink } from "../../src/chain/chained-sink.ts";
import { readHead } from "../../src/chain/head-file.ts";
import { filesOfTrail, verifyTrail } from "../../src/chain/verify-trail.ts";
import { eventLine, trailFolder } from "./trail-folder.ts";

describe("ChainedSink", () => {
  it("goes on where the last process stopped, whether it had settled or was killed", async () => {
    await using trail = await trailFolder();
    for (let round = 0; round < 4; round++) {
      const sink = await trail.open(300);
      await sink.write([eventLine(round)]);
      if (round % 2 === 0) await sink.settle();
    }
    const { key, state, path } = trail;
    const head = await readHead(state, key);
    const report = await verifyTrail(await filesOfTrail(path), key, { head });
    assert.deepEqual([report.lines, report.findings], [4, []]);
    assert.ok(report.files.length > 1);
    assert.deepEqual((await trail.open()).knownEvents.slice(-1), ["e3"]);
  });

  it("stays where it was when a write fails", async () => {
    await using trail = await trailFolder();
    const { key, state: folder, log } = trail;
    const taken: string[] = [];
    const sink = await ChainedSink.open({
      sink: {
        write: async (lines) => {
          taken.push(lines);
          if (taken.length === 1) throw new Error("disk full");
        },
      },
      key,
      folder,
      log,
    });
    await assert.rejects(sink.write([eventLine(1)]), /disk full/);
    assert.equal((await readHead(folder, key))?.seq, 0);
    await sink.write([eventLine(1)]);
    assert.equal(taken[0], taken[1]);
    assert.equal((await readHead(folder, key))?.seq, 1);
  });

  it("says so at start when lines are gone, and does not give their numbers away again", async () => {
    await using trail = await trailFolder();
    const sink = await trail.open();
    await sink.write([eventLine(1), eventLine(2)]);
    await sink.settle();
    await writeFile(trail.path, "");
    await (await trail.open()).write([eventLine(3)]);
    assert.match(trail.logged.join(""), /gone from the end/);
    assert.match(await readFile(trail.path, "utf8"), /"seq":3,/);
  });
});
