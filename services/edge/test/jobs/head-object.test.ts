import assert from "node:assert/strict";
import { it } from "node:test";
import { headObject } from "../../src/jobs/head-object.ts";
import { bucketJobs } from "./bucket-jobs.ts";

it("headObject asks for the checksum, and for the version that is meant", async () => {
  const { backend, requestOf } = bucketJobs();
  backend.put("photos/cat", Buffer.from("meow"));
  assert.equal((await headObject(requestOf("cat"), backend, "v1")).status, 200);
  const { request } = backend.last("HEAD");
  assert.deepEqual(request.query, [["versionId", "v1"]]);
  assert.equal(request.headers?.["x-amz-checksum-mode"], "ENABLED");
  assert.equal((await headObject(requestOf("dog"), backend, undefined)).status, 404);
});
