import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { verifyConfigured } from "../../src/chain/configured-trail.ts";
import { AuditSection } from "../../src/config.ts";
import { eventLine, trailFolder } from "./trail-folder.ts";

describe("verifyConfigured", () => {
  it("reads the files that are named, else those of the settings, with the key and the head of the folder", async () => {
    await using trail = await trailFolder();
    const sink = await trail.open();
    await sink.write([eventLine(1), eventLine(2)]);
    await sink.settle();
    const config = AuditSection.parse({ sink: { type: "file", file_path: trail.path } });
    const from = { config, folder: trail.state };
    const found = await verifyConfigured(from, [], {});
    assert.deepEqual([found.files, found.lines, found.findings], [[trail.path], 2, []]);
    const bare = { config: AuditSection.parse({}), folder: trail.state };
    assert.deepEqual((await verifyConfigured(bare, [trail.path], {})).findings, []);
    await assert.rejects(verifyConfigured(bare, [], {}), { code: "input.invalid" });
    await rm(join(trail.state, "head.json"));
    assert.deepEqual((await verifyConfigured(from, [], {})).findings[0]?.kind, "headless");
  });

  it("refuses where there is no key: nothing could be told from lines alone", async () => {
    await using trail = await trailFolder();
    const from = { config: AuditSection.parse({}), folder: join(trail.folder, "other") };
    await assert.rejects(verifyConfigured(from, [trail.path], {}), { code: "config.invalid" });
  });
});
