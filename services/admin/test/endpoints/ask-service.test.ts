import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { listJobs } from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { askService } from "../../src/endpoints/ask-service.ts";

const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });

it("a service is asked under the id of the request, and its fault is thrown", async () => {
  const bus = new MemoryBus({ log });
  const ids: string[] = [];
  bus.serve(listJobs, async (_input, { requestId }) => {
    ids.push(requestId);
    if (ids.length > 1) throw new Fault("limit.busy", "no more");
    return await Promise.resolve({ plain: { jobs: [] } });
  });
  const asked = { question: listJobs, input: {}, requestId: "admin-1" };
  const ask = () => askService({ bus, session: undefined }, asked);
  assert.deepEqual(await ask(), { jobs: [] });
  assert.deepEqual(ids, ["admin-1"]);
  await assert.rejects(ask(), { code: "limit.busy" });
});
