import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type AdminApi,
  adminEnv,
  openAdminApi,
  TOKEN,
} from "../../services/admin/test/documented-api.ts";
import { type AuditedGateway, auditedGateway } from "./audited-gateway.ts";
import { Uploading } from "./uploading.ts";

describe("the audit trail of operators", () => {
  let audited: AuditedGateway;
  let api: AdminApi;
  before(async () => {
    const { port, env } = await adminEnv();
    audited = await auditedGateway({ env });
    api = await openAdminApi(port);
  });
  after(() => audited[Symbol.asyncDispose]());

  it("has one event of a refused login however often it is tried, and never the token", async () => {
    const authorization = "Bearer guessed-token";
    for (let n = 0; n < 50; n++) {
      const { status } = await api.send("GET", "/admin/status", { headers: { authorization } });
      assert.equal(status, 401);
    }
    const [event] = await audited.eventsOf("auth.failure", 1);
    assert.deepEqual(
      [event?.operation, event?.success, event?.error, event?.metadata],
      ["GET /admin/status", false, "Unauthorized", { subsystem: "admin", count: 1 }],
    );
    assert.match(event?.client_ip ?? "", /127\.0\.0\.1$/);
    assert.match(event?.request_id ?? "", /^admin-/);
    assert.equal((await audited.events("auth.failure")).length, 1);
    assert.doesNotMatch(JSON.stringify(event), /guessed/);
  });

  it("says who changed what is logged, to what, and who took it back", async () => {
    const body = '{"level":"warn","duration":"1h"}';
    assert.equal((await api.send("PUT", "/admin/log/level", { body })).status, 200);
    assert.equal((await api.send("DELETE", "/admin/log/level")).status, 200);
    assert.equal((await api.send("PUT", "/admin/log/level", { body: "{}" })).status, 400);
    const events = await audited.eventsOf("log_level.changed", 3);
    const by = { subsystem: "admin", authentication: "bearer" };
    assert.deepEqual(
      events.map(({ operation, success, metadata }) => [operation, success, metadata]),
      [
        ["PUT /admin/log/level", true, { level: "warn", duration: "1h", ...by }],
        ["DELETE /admin/log/level", true, by],
        ["PUT /admin/log/level", false, by],
      ],
    );
    for (const { client_ip } of events) assert.match(client_ip ?? "", /127\.0\.0\.1$/);
  });

  it("has an event of a profile, and of a step that is refused", async () => {
    assert.equal((await api.send("GET", "/debug/pprof/heap?seconds=1")).status, 200);
    const [profile] = await audited.eventsOf("pprof_fetch", 1);
    assert.deepEqual([profile?.operation, profile?.success], ["GET /debug/pprof/heap", true]);
    const { status } = await api.send("POST", "/admin/kms/rotate/commit", { body: "{}" });
    assert.equal(status, 409);
    const [step] = await audited.eventsOf("admin.action", 1);
    assert.deepEqual(
      [step?.operation, step?.success, step?.error],
      ["POST /admin/kms/rotate/commit", false, "RotationConflict"],
    );
  });

  it("has the event of whoever asked under the request id of what came of it", async () => {
    const { uploadId } = await Uploading.begin(audited.gateway, "given-up");
    const path = `/admin/mpu/abort/${encodeURIComponent(uploadId)}`;
    assert.equal((await api.send("POST", path)).status, 200);
    const [aborted] = await audited.eventsOf("mpu.abort", 1);
    const asked = (await audited.eventsOf("admin.action", 2)).at(-1);
    assert.equal(asked?.metadata?.upload_id, uploadId);
    assert.equal(asked?.request_id, aborted?.request_id);
  });

  it("holds nothing that lets in", async () => {
    const types = ["auth.failure", "log_level.changed", "pprof_fetch", "admin.action"];
    assert.ok(!JSON.stringify(await audited.events(...types)).includes(TOKEN));
  });
});
