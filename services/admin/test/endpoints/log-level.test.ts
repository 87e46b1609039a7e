import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { logLevelSet } from "@s3eg/shared/contracts/log-level.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AnnouncementProof } from "@s3eg/shared/trust/announcement-proof.ts";
import type { z } from "zod";
import { logLevelEndpoints } from "../../src/endpoints/log-level.ts";
import { ProcessTable } from "../../src/watch/process-table.ts";
import { office } from "../office.ts";
import { announced } from "../watch/announced.ts";
import { ask } from "./asked.ts";

const SECRET = new Secret<Uint8Array>(Buffer.alloc(32, 1));

function setUp(proof?: AnnouncementProof) {
  const given = office();
  const facts: z.infer<typeof logLevelSet.fact>[] = [];
  given.bus.subscribe(logLevelSet, (fact) => facts.push(fact));
  const processes = new ProcessTable();
  processes.heard(announced({ logLevel: "warn" }));
  const state = { level: "debug", configured: "info", untilMs: 1_700_000_000_000 } as const;
  const endpoints = logLevelEndpoints({ ...given, logLevel: { state, proof } }, { processes });
  return { endpoints, facts };
}

describe("/admin/log/level", () => {
  it("shows what this process and the others log", async () => {
    const { status, body } = await ask(setUp().endpoints, "GET /admin/log/level");
    assert.equal(status, 200);
    assert.equal(body.level, "debug");
    assert.equal(body.configured_level, "info");
    assert.equal(body.until, "2023-11-14T22:13:20.000Z");
    const levels = (body.services as { level: string }[]).map(({ level }) => level);
    assert.deepEqual(levels, ["warn"]);
  });

  it("tells every process, proven, until when, and takes it back", async () => {
    const proof = new AnnouncementProof(SECRET, "log-level");
    const { endpoints, facts } = setUp(proof);
    const set = await ask(endpoints, "PUT /admin/log/level", '{"level":"debug","duration":"10m"}');
    assert.equal(set.status, 200);
    assert.equal(set.body.level, "debug");
    const back = await ask(endpoints, "DELETE /admin/log/level");
    assert.deepEqual([back.status, back.body], [200, { level: "info" }]);
    assert.ok(facts.every((fact) => proof.isGenuine(fact)));
    const [first, second] = facts;
    assert.deepEqual([first?.level, second?.level], ["debug", undefined]);
    assert.equal(new Date(first?.untilMs ?? 0).toISOString(), set.body.until);
    assert.ok(Math.abs((first?.untilMs ?? 0) - Date.now() - 600_000) < 60_000);
  });

  it("needs no proof within one process, and refuses what is no level", async () => {
    const { endpoints, facts } = setUp();
    assert.equal((await ask(endpoints, "PUT /admin/log/level", '{"level":"warn"}')).status, 200);
    assert.deepEqual([facts[0]?.level, facts[0]?.untilMs, facts[0]?.mac], ["warn", undefined, ""]);
    for (const body of ["", "{}", '{"level":"loud"}', '{"level":"info","duration":"soon"}']) {
      assert.equal((await ask(endpoints, "PUT /admin/log/level", body)).status, 400, body);
    }
    assert.equal(facts.length, 1);
  });
});
