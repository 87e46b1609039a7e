import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { App } from "../../src/console/app.js";
import { type Element, findAll, h, textOf } from "../../src/console/element.js";

const SERVICE = {
  id: "1",
  ...{ host: "h", pid: 7, roles: ["edge"], version: "1", zone: "", condition: "ready" },
  started_at: "2026-01-02T03:00:00.000Z",
  last_seen_at: "2026-01-02T03:04:05.000Z",
  checks: { backend: "ok" },
  ...{ in_flight: 1, memory_bytes: 1, cpu_seconds: 1, work: [] },
};
const SERIES = { step_seconds: 5, at: [], in_flight: [], memory_bytes: [], roles: {} };
const UPLOAD = {
  ...{ upload_id: "u/1", bucket: "b", key: "k", encrypted: true },
  created_at: "2026-01-02T03:00:00.000Z",
  expires_at: "2026-01-03T03:00:00.000Z",
};

const ROTATION = {
  ...{ phase: "idle", current_version: 1, target_version: 0, in_flight_wraps: 0 },
};
const VERSION = { provider: "aes", key_id: "k" };
const KEYS = {
  versions: [
    { ...VERSION, version: 1, state: "active" },
    { ...VERSION, version: 2, state: "readable" },
  ],
  ...{ unknown_objects: 0, other_objects: 0, looked_at: [] },
};

const PATHS = ["/admin/services", "/admin/series", "/admin/mpu/list", "/admin/audit/tail"];
const KEY_PATHS = ["/admin/keys", "/admin/kms/rotate/status"];
const STEPS = ["start", "commit", "abort"].map((step) => `/admin/kms/rotate/${step}`);

/** A console before a gateway that answers this by path, in a world without a page. */
function site(answers: Record<string, () => Response | object> = {}) {
  const known: Record<string, () => Response | object> = {
    "/admin/openapi.json": () => ({
      info: { version: "9.9" },
      paths: {
        ...Object.fromEntries([...PATHS, ...KEY_PATHS].map((path) => [path, { get: {} }])),
        ...Object.fromEntries(STEPS.map((path) => [path, { post: {} }])),
        "/admin/mpu/abort/{uploadId}": { post: {} },
      },
    }),
    "/admin/services": () => ({ now: "", services: [SERVICE], missing_roles: [] }),
    "/admin/series": () => SERIES,
    "/admin/keys": () => KEYS,
    "/admin/kms/rotate/status": () => ROTATION,
    "/admin/mpu/list": () => ({ active_uploads: [UPLOAD], count: 1, total: 1 }),
    "/admin/audit/tail": () => ({ is_heard: true, omitted: 0, events: [] }),
    ...answers,
  };
  const world = { hash: "", page: h("p"), said: [] as string[], asked: [] as string[] };
  const sent: string[] = [];
  const later: { run: () => void; ms: number }[] = [];
  const questions: string[] = [];
  const control = { yes: true };
  const app = new App({
    fetch: async (target, { body }) => {
      world.asked.push(target);
      if (typeof body === "string") sent.push(`${target} ${body}`);
      const answer = known[target.split("?")[0] ?? ""]?.() ?? new Response("", { status: 404 });
      return await Promise.resolve(answer instanceof Response ? answer : Response.json(answer));
    },
    show: (elements: readonly Element[]) => {
      world.page = h("body", {}, ...elements);
    },
    say: (news) => world.said.push(news),
    ask: async ({ title }) => {
      questions.push(title);
      return await Promise.resolve(control.yes);
    },
    hash: () => world.hash,
    now: () => Date.parse("2026-01-02T03:04:06.000Z"),
    after: (run, ms) => {
      const entry = { run, ms };
      later.push(entry);
      return () => later.splice(later.indexOf(entry), later.includes(entry) ? 1 : 0);
    },
  });
  app.render();
  return { app, world, sent, later, known, questions, control, text: () => textOf(world.page) };
}

const refusal = (status: number, headers = {}) => new Response("{}", { status, headers });

describe("the console", () => {
  it("shows what goes on once a token was accepted, and looks again when it is time", async () => {
    const { app, world, later, text } = site();
    assert.match(text(), /Admin token/);
    assert.equal(await app.signIn(" token "), true);
    assert.match(text(), /S3 Encryption Gateway 9\.9 .* All is well/);
    assert.deepEqual(
      later.map(({ ms }) => ms),
      [5000],
    );
    const before = world.asked.length;
    await app.look();
    assert.equal(world.asked.length, before + 2);
    assert.equal(later.length, 1);
  });

  it("says that a token is wrong, and shows nothing", async () => {
    const { app, later, text } = site({ "/admin/openapi.json": () => refusal(401) });
    assert.equal(await app.signIn("wrong"), false);
    assert.match(text(), /does not accept this token/);
    assert.deepEqual([app.isOpen, later.length], [false, 0]);
  });

  it("forgets everything when the token is no longer accepted, and when somebody signs out", async () => {
    const { app, known, later, text } = site();
    await app.signIn("token");
    const services = known["/admin/services"];
    known["/admin/services"] = () => refusal(401);
    await app.look();
    assert.match(text(), /no longer accepted/);
    assert.equal(later.length, 0);
    known["/admin/services"] = services ?? (() => refusal(500));
    await app.signIn("token");
    app.signOut();
    assert.doesNotMatch(text(), /no longer|All is well/);
    assert.deepEqual([app.isOpen, later.length], [false, 0]);
  });

  it("keeps what it saw while it can't look, says so, and comes back as late as it is told", async () => {
    const { app, known, later, text } = site();
    await app.signIn("token");
    known["/admin/series"] = () => refusal(429, { "retry-after": "30" });
    await app.look();
    assert.match(text(), /Not fresh, seen .* Too many requests .* All is well/);
    assert.equal(later.at(-1)?.ms, 30_000);
    known["/admin/series"] = () => SERIES;
    await app.look();
    assert.match(text(), /Live/);
    assert.doesNotMatch(text(), /Too many/);
  });

  it("tells a change once to who can't see it, and the end of it", async () => {
    const { app, world, known } = site();
    await app.signIn("token");
    assert.deepEqual(world.said, []);
    const silent = { ...SERVICE, condition: "silent" };
    const well = known["/admin/services"];
    known["/admin/services"] = () => ({ now: "", services: [silent], missing_roles: ["edge"] });
    await app.look();
    await app.look();
    assert.equal(world.said.length, 1);
    assert.match(world.said[0] ?? "", /role edge.* edge on h is silent/);
    known["/admin/services"] = well ?? (() => refusal(500));
    await app.look();
    assert.equal(world.said.at(-1), "All is well again.");
  });

  it("goes to the view that the address names, and stops looking when it is paused", async () => {
    const { app, world, later, text } = site();
    await app.signIn("token");
    world.hash = "#/uploads";
    await app.moved();
    assert.match(text(), /1 upload under way/);
    await app.pause();
    assert.equal(later.length, 0);
    assert.match(text(), /Paused/);
    await app.pause();
    assert.equal(later.length, 1);
  });

  it("ends an upload only after it asked", async () => {
    const ended: string[] = [];
    const target = "/admin/mpu/abort/u%2F1";
    const answer = () => ({ count: ended.push("u") });
    const { app, world, control, questions } = site({ [target]: answer });
    await app.signIn("token");
    world.hash = "#/uploads";
    await app.moved();
    const [button] = findAll(world.page, "button").filter(
      ({ attributes }) => attributes["data-id"],
    );
    const about = { id: String(button?.attributes["data-id"]), object: "b/k" };
    control.yes = false;
    await app.act("abort-upload", about);
    assert.deepEqual([questions.length, ended.length], [1, 0]);
    control.yes = true;
    await app.act("abort-upload", about);
    assert.equal(ended.length, 1);
    assert.equal(world.said.at(-1), "The upload of b/k was aborted.");
    await app.act("no-such-action", about);
    assert.equal(questions.length, 2);
  });

  it("takes the steps of a rotation after it asked, and tells how it stands then", async () => {
    const { app, world, sent, known, questions, control, text } = site();
    const stand = (phase: string) => {
      known["/admin/kms/rotate/status"] = () => ({ ...ROTATION, phase, target_version: 2 });
      return {};
    };
    known["/admin/kms/rotate/start"] = () => stand("draining");
    known["/admin/kms/rotate/commit"] = () => stand("committed");
    known["/admin/kms/rotate/abort"] = () => stand("aborted");
    await app.signIn("token");
    world.hash = "#/keys";
    await app.moved();
    const start = { from: "1", target: "2", grace: "5s" };
    control.yes = false;
    await app.act("start-rotation", start);
    assert.deepEqual([questions, sent], [["Start a rotation to version 2?"], []]);
    control.yes = true;
    await app.act("start-rotation", start);
    assert.match(text(), /Commit without waiting/);
    const to = { from: "1", to: "2" };
    await app.act("abort-rotation", to);
    await app.act("start-rotation", { ...start, grace: "" });
    await app.act("commit-rotation", { ...to, force: "true", wraps: "1" });
    assert.deepEqual(sent, [
      '/admin/kms/rotate/start {"target_version":2,"grace_period":"5s"}',
      '/admin/kms/rotate/start {"target_version":2}',
      '/admin/kms/rotate/commit {"force":true}',
    ]);
    assert.match(world.said.join("; "), /was started.; .*waited for.*was aborted.*was committed/);
    assert.deepEqual(questions.slice(-1), ["Commit the rotation to version 2?"]);
  });

  it("says why something was not done", async () => {
    const error = { error: { code: "Conflict", message: "not at this point" } };
    const answer = () => Response.json(error, { status: 409 });
    const { app, world, questions } = site({ "/admin/mpu/abort/x": answer });
    await app.signIn("token");
    await app.act("abort-upload", { id: "x", object: "b/k" });
    assert.deepEqual(questions, ["Abort this upload?", "It was not done"]);
    assert.deepEqual(world.said, []);
  });

  it("asks for events with the filters that were set, and holds them still", async () => {
    const { app, world, known, text } = site();
    await app.signIn("token");
    world.hash = "#/audit";
    app.wish({ filters: { bucket: "photos", operation: "" } });
    await app.moved();
    assert.equal(world.asked.at(-1), "/admin/audit/tail?bucket=photos&limit=200");
    assert.match(text(), /No event fits these filters/);
    app.wish({ isHeld: true });
    known["/admin/audit/tail"] = () => ({ is_heard: false, omitted: 0, events: [] });
    await app.look();
    assert.match(text(), /No event fits these filters/);
    app.wish({ isHeld: false });
    await app.look();
    assert.match(text(), /No event was heard of yet/);
  });
});
