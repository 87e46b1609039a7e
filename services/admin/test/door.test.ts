import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { RateLimit } from "@s3eg/shared/runtime/rate-limit.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { AnsweredRequest } from "../src/admin-metrics.ts";
import { answerAtDoor, type DoorParts } from "../src/door.ts";
import { endpoint } from "../src/endpoints/endpoint.ts";
import { EndpointTable } from "../src/endpoints/endpoint-table.ts";
import { inlineToken } from "../src/token.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";

function setUp() {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const requests: AnsweredRequest[] = [];
  const log = createLog({
    service: "test",
    level: "info",
    destination: { write: (line) => lines.push(line) },
  });
  const health = new Health({ version: "1", log });
  health.markReady();
  const door: DoorParts = {
    token: inlineToken(new Secret(TOKEN)),
    health,
    openAnswers: new Map([["/page", { status: 200, body: "open" }]]),
    endpoints: new EndpointTable([
      endpoint({
        ...{ method: "GET", path: "/admin/status", summary: "Status" },
        answers: { 200: { description: "text", contentType: "text/plain" } },
        handle: async () => ({ status: 200, body: "inside" }),
      }),
    ]),
    answered: (answered) => requests.push(answered),
    requests: new RateLimit({ limit: 2, windowMs: 60_000 }, () => clock.ms),
    reads: new RateLimit({ limit: 5, windowMs: 60_000 }, () => clock.ms),
    failures: new RateLimit({ limit: 2, windowMs: 60_000 }, () => clock.ms),
    log,
  };
  const ask = (path: string, authorization = `Bearer ${TOKEN}`, more = {}) =>
    answerAtDoor(
      {
        ...{ method: "GET", path, query: "", authorization, clientIp: "10.0.0.1" },
        text: async () => "",
        ...more,
      },
      door,
    );
  return { ask, clock, lines, requests };
}

describe("the door", () => {
  it("answers probes and open answers to everybody, however often they come", async () => {
    const { ask } = setUp();
    for (let index = 0; index < 20; index++) {
      assert.equal((await ask("/page", "")).body, "open");
      assert.equal((await ask("/livez", "")).status, 200);
      assert.equal((await ask("/readyz", "")).status, 200);
    }
  });

  it("lets nobody else in without the token, and says the same wherever they knock", async () => {
    const { ask, lines } = setUp();
    const inside = await ask("/admin/status", "Bearer wrong");
    const nowhere = await ask("/nowhere", "");
    assert.equal(inside.status, 401);
    assert.deepEqual(inside, nowhere);
    assert.equal(inside.headers?.["www-authenticate"], "Bearer");
    assert.deepEqual(JSON.parse(inside.body), {
      error: { code: "Unauthorized", message: "a valid bearer token is required" },
    });
    assert.equal(lines.length, 2);
    assert.doesNotMatch(lines.join(""), /wrong/);
  });

  it("hands who has the token to the handler, also for HEAD, and says 404 where there is none", async () => {
    const { ask } = setUp();
    assert.equal((await ask("/admin/status")).body, "inside");
    assert.equal((await ask("/admin/status", undefined, { method: "HEAD" })).status, 200);
    assert.equal((await ask("/admin/status", undefined, { method: "POST" })).status, 405);
    const missing = await ask("/admin/nothing");
    assert.equal(missing.status, 404);
    assert.match(missing.body, /"code":"NotFound"/);
  });

  it("stops looking at tokens from an address after too many failed logins", async () => {
    const { ask, clock } = setUp();
    await ask("/admin/status", "Bearer a");
    await ask("/admin/status", "Bearer b");
    assert.equal((await ask("/admin/status")).status, 429);
    assert.equal((await ask("/admin/status", undefined, { clientIp: "10.0.0.2" })).status, 200);
    clock.ms = 31_000;
    assert.equal((await ask("/admin/status")).status, 200);
  });

  it("tells of every answer, by the template of the endpoint, but of probes and open answers", async () => {
    const { ask, requests } = setUp();
    await ask("/livez");
    await ask("/page", "");
    await ask("/admin/status");
    await ask("/admin/status", "Bearer wrong");
    await ask("/no/such");
    assert.deepEqual(
      requests.map(({ method, path, status }) => [method, path, status]),
      [
        ["GET", "/admin/status", 200],
        ["GET", "/admin/status", 401],
        ["GET", undefined, 404],
      ],
    );
    assert.ok(requests.every(({ seconds }) => seconds >= 0 && seconds < 60));
  });

  it("limits requests of those it let in, those that may change something apart from those that look", async () => {
    const { ask } = setUp();
    for (let index = 0; index < 5; index++) {
      assert.equal((await ask("/admin/status")).status, 200);
    }
    const refused = await ask("/admin/status");
    assert.equal(refused.status, 429);
    assert.equal(refused.headers?.["retry-after"], "60");
    const change = async () => (await ask("/admin/status", undefined, { method: "POST" })).status;
    assert.deepEqual([await change(), await change(), await change()], [405, 405, 429]);
  });
});
