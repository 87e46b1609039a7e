import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { JobWish, listJobs } from "@s3eg/shared/contracts/jobs.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { openEntrance } from "../../src/entrance.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { openBackend } from "../../src/wiring/backends.ts";
import { openToolJobs, startJobsRole } from "../../src/wiring/jobs.ts";
import { COMPLETE, KeptLog, scratchFolder } from "../environment.ts";

it("a job that a tool begins is found and ended by the edge that has the same DATA_DIR", async () => {
  await using scratch = await scratchFolder();
  const env = { ...COMPLETE, DATA_DIR: scratch.folder };
  const { config, roles } = readGatewayConfig([], env);
  const { policies } = openEntrance(config, roles, env);
  const log = new KeptLog();
  await using book = await openToolJobs(config, log);
  await book.begin(
    JobWish.parse({ kind: "unseal", buckets: ["one-bucket"], confirm: "plaintext" }),
  );
  const bus = new MemoryBus({ log });
  await using backend = openBackend(config.backend, { identities: [], log });
  await using _ = startJobsRole({
    ...{ config, bus, backend, log, nats: undefined, secrets: undefined, session: undefined },
    crypto: new LocalTransfers({ log }),
    needsEqualParts: false,
    metrics: createMetrics(),
    policies: () => policies,
  });
  for (let tries = 0; tries < 500; tries++) {
    const [job] = await book.read();
    if (job?.status === "failed") break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const answer = await bus.request(listJobs, {}, { requestId: "R" });
  assert.ok("plain" in answer);
  const [job] = answer.plain.jobs;
  assert.equal(job?.status, "failed");
  assert.match(job.error ?? "", /^input\.invalid: .*nobody could read what is unsealed/);
});
