import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rewrapReports, writeRewrapReport } from "../src/rewrap-reports.ts";
import { scratchFolder } from "./environment.ts";

describe("reports of re-wraps", () => {
  it("are the last ones of each bucket and prefix", async () => {
    await using at = await scratchFolder();
    assert.deepEqual(rewrapReports(at.folder), []);
    const startedAt = "2026-01-02T03:04:05.000Z";
    const report = { bucket: "a", prefix: "", startedAt, needs: { "aes 1 aes": 2 } };
    writeRewrapReport(at.folder, report);
    writeRewrapReport(at.folder, { ...report, prefix: "p/" });
    const last = { ...report, needs: {} };
    writeRewrapReport(at.folder, last);
    const kept = rewrapReports(at.folder).toSorted((a, b) => a.prefix.length - b.prefix.length);
    assert.deepEqual(kept, [last, { ...report, prefix: "p/" }]);
  });

  it("are not passed over where they are damaged", async () => {
    await using at = await scratchFolder();
    writeRewrapReport(at.folder, { bucket: "a", prefix: "", needs: {} });
    const [name = ""] = await readdir(join(at.folder, "rewrap"));
    await writeFile(join(at.folder, "rewrap", name), "{");
    assert.throws(() => rewrapReports(at.folder), { code: "input.invalid", message: /damaged/ });
  });
});
