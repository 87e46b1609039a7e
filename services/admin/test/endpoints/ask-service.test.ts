import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { listJobs } from "@s3eg/shared/contracts/jobs.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { askService } from "../../src/endpoints/ask-service.ts";

const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });

it("a service is asked under a request id of admin's own, and its fault is thrown", async () => {
  const bus = new MemoryBus({ log });
  const ids: string[] = [];
  bus.serve(listJobs, async (_input, { requestId }) => {
    ids.push(requestId);
    if (ids.length > 2) throw new Fault("limit.busy", "no more");
    return await Promise.resolve({ plain: { jobs: [] } });
  });
  const ask = () => askService({ bus, session: undefined }, { question: listJobs, input: {} });
  assert.deepEqual(await ask(), { jobs: [] });
  await ask();
  assert.match(ids[0] ?? "", /^admin-[0-9a-f-]{36}$/);
  assert.notEqual(ids[0], ids[1]);
  await assert.rejects(ask(), { code: "limit.busy" });
});
