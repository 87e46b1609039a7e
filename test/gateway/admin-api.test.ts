import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import {
  type AdminApi,
  adminEnv,
  openAdminApi,
  TOKEN,
} from "../../services/admin/test/documented-api.ts";
import { type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { Uploading } from "./uploading.ts";

describe("the admin API of a gateway", () => {
  let gateway: RunningGateway;
  let api: AdminApi;

  before(async () => {
    const { port, env } = await adminEnv();
    gateway = await runningGateway({ env });
    api = await openAdminApi(port);
  });
  after(() => gateway[Symbol.asyncDispose]());

  const readJson = async (path: string) => {
    const { status, text } = await api.send("GET", path);
    assert.equal(status, 200, text);
    return JSON.parse(text) as Record<string, unknown>;
  };

  it("lets nobody in without the token, whatever they come with, at any endpoint", async () => {
    assert.ok(api.endpoints.length >= 15, `${api.endpoints.length} endpoints`);
    const wrong = [
      {},
      { authorization: "" },
      { authorization: TOKEN },
      { authorization: `Basic ${TOKEN}` },
      { authorization: `Bearer ${TOKEN}x` },
      { authorization: `Bearer ${TOKEN.slice(0, -1)}` },
      { authorization: "Bearer " },
      { "x-api-key": TOKEN, cookie: `token=${TOKEN}` },
    ];
    for (const { method, path } of api.endpoints) {
      for (const headers of wrong) {
        const { status, text } = await api.send(method, path, { headers });
        assert.equal(status, 401, `${method} ${path} ${JSON.stringify(headers)}`);
        assert.match(text, /"Unauthorized"/);
      }
      assert.equal((await api.send(method, `${path}?token=${TOKEN}`, { headers: {} })).status, 401);
    }
  });

  it("is in docs/operations.md, endpoint by endpoint", async () => {
    const page = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
    const table = page.slice(page.indexOf("## Admin API"), page.indexOf("## Secrets"));
    const missing = api.endpoints.filter(({ method, template }) => {
      const [, profile] = /^\/debug\/pprof\/(.+)$/.exec(template) ?? [];
      const name = profile === undefined ? `${method} ${template}` : `\`${profile}\``;
      return !table.includes(name);
    });
    assert.deepEqual(
      missing.map(({ method, template }) => `${method} ${template}`),
      [],
    );
  });

  it("answers every endpoint as its document says", async () => {
    const asked = api.endpoints.map(async (endpoint) => {
      const { method, path } = endpoint;
      const answer = await api.send(method, path);
      assert.ok(answer.status < 500, `${method} ${path}: ${answer.status} ${answer.text}`);
      api.conforms(endpoint, answer);
      const unknown = await api.send("PATCH", path);
      assert.equal(unknown.status, 405, path);
    });
    await Promise.all(asked);
  });

  it("shows uploads under way, and ends one on both sides", async () => {
    const upload = await Uploading.begin(gateway, "a key/with ü");
    const { active_uploads: uploads, total } = await readJson("/admin/mpu/list");
    assert.equal(total, 1);
    const [shown] = uploads as Record<string, unknown>[];
    assert.deepEqual([shown?.upload_id, shown?.key], [upload.uploadId, "a key/with ü"]);
    const path = `/admin/mpu/abort/${encodeURIComponent(upload.uploadId)}`;
    const aborted = await api.send("POST", path);
    assert.equal(aborted.status, 200, aborted.text);
    assert.match(aborted.text, /"status":"aborted"/);
    assert.equal((await api.send("POST", path)).status, 404);
    assert.equal((await upload.send(1, Buffer.from("late"))).code, "NoSuchUpload");
    assert.equal((await readJson("/admin/mpu/list")).total, 0);
  });

  it("changes what is logged, and back", async () => {
    const levelOf = async () => (await readJson("/admin/log/level")).level;
    assert.equal(await levelOf(), "info");
    const body = '{"level":"error","duration":"1h"}';
    assert.equal((await api.send("PUT", "/admin/log/level", { body })).status, 200);
    assert.equal(await levelOf(), "error");
    const quiet = gateway.lines.length;
    await gateway.client.send("GET", "/photos");
    assert.equal(gateway.lines.length, quiet);
    assert.equal((await api.send("DELETE", "/admin/log/level")).status, 200);
    assert.equal(await levelOf(), "info");
    await gateway.client.send("GET", "/photos");
    await until(() => gateway.lines.length > quiet, "the request is logged again");
  });

  it("shows the settings without a secret in them", async () => {
    const { text } = await api.send("GET", "/admin/config");
    for (const secret of [
      TOKEN,
      gateway.keys.secretKey,
      gateway.kek.toString("base64"),
      gateway.settings.BACKEND_SECRET_KEY,
    ]) {
      assert.ok(!text.includes(secret));
    }
    assert.match(text, /"name":"admin\.auth\.token","source":"environment","value":"\[secret\]"/);
  });

  it("counts its requests", async () => {
    const metrics = await gateway.metrics.text();
    assert.match(metrics, /^gateway_admin_api_enabled 1$/m);
    assert.match(
      metrics,
      /^gateway_admin_api_requests_total\{method="POST",path="\/admin\/mpu\/abort\/\{uploadId\}",status_code="200"\} 1$/m,
    );
    assert.doesNotMatch(metrics, /path="[^"]*with/);
  });
});
