import assert from "node:assert/strict";
import { it } from "node:test";
import { jobPages } from "../../src/jobs/job-work.ts";
import { pendingInMemory } from "../rewrap/rewrapping.ts";
import { BUCKET, bucketJobs, rule } from "./bucket-jobs.ts";
import { aJob } from "./kept-jobs.ts";

it("jobPages does of each kind what it is called, in pages of a hundred", async () => {
  for (const [kind, result] of [
    ["verify", "opened"],
    ["rewrap", "waiting"],
    ["seal-existing", "current"],
    ["unseal", "waiting"],
  ] as const) {
    const site = bucketJobs({ rules: [rule({ contents: "mixed" })] });
    site.putSealed("cat", "meow");
    const job = aJob(1, { kind, buckets: [BUCKET], isDry: true, isForAll: true });
    const on = { bucket: BUCKET, after: undefined, pendingTags: pendingInMemory };
    const results: string[] = [];
    for await (const { outcomes } of jobPages(site.parts, job, on)) {
      results.push(...outcomes.map((one) => one.result));
    }
    assert.deepEqual(results, [result], kind);
    const listing = site.backend.kept.find(({ request: { key, query = [] } }) => {
      return key === undefined && query.some(([name]) => name === "max-keys");
    });
    assert.ok(
      listing?.request.query?.some(([name, value]) => name === "max-keys" && value === "100"),
    );
  }
});
