import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jobRequest } from "../../src/jobs/job-parts.ts";
import { STANDARD } from "../running-edge.ts";
import { BUCKET, bucketJobs, rule } from "./bucket-jobs.ts";

describe("jobRequest", () => {
  it("is that of a client with every right, under the policies that the job has for its bucket", () => {
    const { parts } = bucketJobs({ rules: [rule({ id: "own" })] });
    const named = { name: "verify", bucket: BUCKET, key: "cat", versionId: "v1" };
    const request = jobRequest(parts, named);
    assert.match(request.id, /^verify-/);
    assert.equal(request.query.get("versionId"), "v1");
    assert.equal(request.policy.id, "own");
    assert.ok(request.principal.rights.isEverything);
    assert.throws(() => request.plainBody(), { code: "internal.bug" });
    const [reading, writing] = [
      { ...STANDARD, id: "r" },
      { ...STANDARD, id: "w" },
    ];
    const other = jobRequest(parts, named, { reading, writing });
    assert.deepEqual(
      [other.policy.id, other.policyOf(BUCKET).id, other.policyOf("elsewhere").id],
      ["w", "r", "default"],
    );
  });
});
