import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { RateLimit } from "@s3eg/shared/runtime/rate-limit.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { z } from "zod";
import type { AnsweredRequest } from "../src/admin-metrics.ts";
import { answerAtDoor, type DoorParts } from "../src/door.ts";
import { endpoint, errorBody, refused } from "../src/endpoints/endpoint.ts";
import { EndpointTable } from "../src/endpoints/endpoint-table.ts";
import type { DoneAction } from "../src/operator-trail.ts";
import type { RefusedLogin } from "../src/refused-logins.ts";
import { inlineToken } from "../src/token.ts";

const TOKEN = "a-token-of-more-than-thirty-two-characters";

function setUp() {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const requests: AnsweredRequest[] = [];
  const actions: DoneAction[] = [];
  const logins: RefusedLogin[] = [];
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
      ...changingEndpoints(),
    ]),
    operators: {
      acted: (action) => actions.push(action),
      refused: (login) => logins.push(login),
    },
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
  return { ask, clock, lines, requests, actions, logins };
}

function changingEndpoints() {
  const answers = { 200: { description: "text", contentType: "text/plain" }, 409: refused("no") };
  const common = { summary: "Change", answers } as const;
  return [
    endpoint({
      ...{ ...common, method: "PUT", path: "/admin/things/{thingId}" },
      params: z.object({ thingId: z.string() }),
      body: z.object({ size: z.number(), names: z.array(z.string()).optional() }),
      handle: async ({ body: { size } }) => {
        if (size > 5) return { status: 409, body: errorBody("Conflict", "too large") };
        if (size < 0) throw new Error("a bug");
        return { status: 200, body: "changed" };
      },
    }),
    endpoint({
      ...{ ...common, method: "GET", path: "/admin/profile", event: "pprof_fetch" },
      query: z.strictObject({ seconds: z.coerce.number().default(5) }),
      handle: async () => ({ status: 200, body: "profile" }),
    }),
  ];
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
    const idOf = ({ headers }: SmallAnswer) => headers?.["x-amz-request-id"] ?? "";
    const apart = ({ headers, ...rest }: SmallAnswer) => ({
      ...{ ...rest, headers: { ...headers, "x-amz-request-id": "" } },
    });
    assert.deepEqual(apart(inside), apart(nowhere));
    assert.match(idOf(inside), /^admin-[0-9a-f-]{36}$/);
    assert.notEqual(idOf(inside), idOf(nowhere));
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
    const last = await ask("/admin/status");
    assert.equal(last.status, 429);
    assert.equal(last.headers?.["retry-after"], "60");
    const change = async () => (await ask("/admin/status", undefined, { method: "POST" })).status;
    assert.deepEqual([await change(), await change(), await change()], [405, 405, 429]);
  });

  it("tells of who was refused for want of the token: where, and never what was tried", async () => {
    const { ask, logins, actions } = setUp();
    await ask("/admin/status", "Bearer wrong");
    await ask("/Bearer/wrong", "Bearer wrong");
    await ask("/admin/status", "Bearer wrong");
    for (let index = 0; index < 6; index++) {
      await ask("/admin/status", undefined, { clientIp: "10.0.0.2" });
    }
    assert.deepEqual(
      logins.map(({ operation, clientIp, status, error }) => [operation, clientIp, status, error]),
      [
        ["GET /admin/status", "10.0.0.1", 401, "Unauthorized"],
        ["GET unknown", "10.0.0.1", 401, "Unauthorized"],
        ["GET /admin/status", "10.0.0.1", 429, "TooManyRequests"],
      ],
    );
    assert.doesNotMatch(JSON.stringify(logins), /wrong/);
    assert.deepEqual(actions, []);
  });

  it("tells of everything that may change something, how it ended and what was asked for", async () => {
    const { ask, actions } = setUp();
    const put = async (body: string, clientIp: string) => {
      const more = { method: "PUT", clientIp, text: async () => body };
      return (await ask("/admin/things/a%20b", undefined, more)).headers?.["x-amz-request-id"];
    };
    const first = await put('{"size":1,"names":["x"],"else":"y"}', "10.0.0.1");
    await put('{"size":6}', "10.0.0.1");
    await put('{"size":"6"}', "10.0.0.2");
    await assert.rejects(put('{"size":-1}', "10.0.0.3"));
    await ask("/admin/status");
    await ask("/admin/nothing", undefined, { method: "POST", clientIp: "10.0.0.4" });
    assert.equal(actions[0]?.requestId, first);
    const wish = { thing_id: "a b" };
    assert.deepEqual(
      actions.map(({ requestId: _, event, operation, ...rest }) => [event, operation, rest]),
      [
        [{ status: 200, wish: { ...wish, size: 1, names: ["x"] } }, "10.0.0.1"] as const,
        [{ status: 409, error: "Conflict", wish: { ...wish, size: 6 } }, "10.0.0.1"] as const,
        [{ status: 400, error: "BadRequest" }, "10.0.0.2"] as const,
        [{ status: 500 }, "10.0.0.3"] as const,
      ].map(([ended, clientIp]) => [
        ...["admin.action", "PUT /admin/things/{thingId}"],
        { clientIp, ...ended },
      ]),
    );
  });

  it("tells of a look where its endpoint says so, under the name that it gives", async () => {
    const { ask, actions } = setUp();
    await ask("/admin/profile");
    const told = actions.map(({ event, operation, wish }) => [event, operation, wish]);
    assert.deepEqual(told, [["pprof_fetch", "GET /admin/profile", { seconds: 5 }]]);
  });
});
