import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { checkThat, Health } from "../../src/runtime/health.ts";
import { createLog } from "../../src/runtime/log.ts";

function setUp() {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const log = createLog({
    service: "test",
    level: "info",
    destination: { write: (line) => lines.push(line) },
  });
  const health = new Health({ version: "1.2.3", log, now: () => clock.ms });
  return { health, lines, clock };
}

describe("Health", () => {
  it("answers the probes of the gateway's users, and nothing else", async () => {
    const { health } = setUp();
    health.markReady();
    for (const [path, word] of [
      ["/health", "healthy"],
      ["/healthz", "healthy"],
      ["/live", "alive"],
      ["/livez", "alive"],
      ["/ready", "ready"],
      ["/readyz", "ready"],
      ["/startupz", "started"],
    ] as const) {
      const answer = await health.answer(path);
      assert.equal(answer?.status, 200, path);
      assert.equal(answer.body.status, word, path);
      assert.equal(answer.body.version, "1.2.3");
      assert.equal(new Date(answer.body.timestamp).toISOString(), answer.body.timestamp);
    }
    for (const path of ["/", "/readyz/", "/READY", "/metrics"]) {
      assert.equal(health.answer(path), undefined);
    }
  });

  it("is ready as long as what it depends on holds", async () => {
    const { health, clock } = setUp();
    let holds = true;
    health.add(
      "broker",
      checkThat(() => holds),
    );
    health.markReady();
    assert.equal((await health.answer("/readyz"))?.status, 200);
    holds = false;
    clock.ms += 2000;
    const answer = await health.answer("/readyz");
    assert.deepEqual(answer?.body.checks, { broker: "unavailable" });
    assert.equal(answer.status, 503);
  });

  it("is alive but not ready while it starts and while it drains", async () => {
    const { health } = setUp();
    assert.equal((await health.answer("/readyz"))?.body.status, "not_ready");
    assert.equal((await health.answer("/startupz"))?.status, 503);
    health.markReady();
    assert.equal((await health.answer("/readyz"))?.status, 200);
    health.markDraining();
    health.markReady();
    assert.equal((await health.answer("/readyz"))?.status, 503);
    assert.equal((await health.answer("/livez"))?.status, 200);
    assert.equal((await health.answer("/startupz"))?.status, 200);
  });

  it("says of a failed check that it is unavailable; the reason goes to the log, once", async () => {
    const { health, lines, clock } = setUp();
    health.markReady();
    let isUp = false;
    health.add("bus", async () => {});
    health.add("kms", async () => {
      if (!isUp) throw new Error("token of kms.internal refused");
    });
    const answer = await health.answer("/ready");
    assert.equal(answer?.status, 503);
    assert.deepEqual(answer.body.checks, { bus: "ok", kms: "unavailable" });
    assert.doesNotMatch(JSON.stringify(answer.body), /refused/);
    clock.ms = 5000;
    await health.answer("/ready");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /kms\.internal refused/);
    isUp = true;
    clock.ms = 10_000;
    assert.equal((await health.answer("/ready"))?.status, 200);
    assert.equal(lines.length, 2);
  });

  it("runs the checks once for all probes of a second, and never twice at a time", async () => {
    const { health, clock } = setUp();
    health.markReady();
    let runs = 0;
    let gate = Promise.withResolvers<void>();
    health.add("kms", () => {
      runs++;
      return gate.promise;
    });
    const first = health.answer("/ready");
    clock.ms = 60_000;
    const second = health.answer("/readyz");
    gate.resolve();
    assert.equal((await first)?.status, 200);
    assert.equal((await second)?.status, 200);
    clock.ms = 60_999;
    await health.answer("/ready");
    assert.equal(runs, 1);
    clock.ms = 61_000;
    gate = Promise.withResolvers<void>();
    gate.reject(new Error("down"));
    assert.equal((await health.answer("/ready"))?.status, 503);
    assert.equal(runs, 2);
  });

  it("gives a check two seconds, then fails it and aborts its signal", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { health } = setUp();
      health.markReady();
      let given: AbortSignal | undefined;
      health.add("stuck", (signal) => {
        given = signal;
        return new Promise(() => {});
      });
      const answer = health.answer("/ready");
      mock.timers.tick(2000);
      assert.deepEqual((await answer)?.body.checks, { stuck: "unavailable" });
      assert.equal(given?.aborted, true);
    } finally {
      mock.timers.reset();
    }
  });

  it("fails a check that throws before it gives a promise", async () => {
    const { health } = setUp();
    health.markReady();
    health.add("broken", () => {
      throw new Error("at once");
    });
    assert.equal((await health.answer("/ready"))?.status, 503);
  });

  it("asks a check that came while others were being asked", async () => {
    const { health } = setUp();
    const slow = Promise.withResolvers<void>();
    health.add("slow", () => slow.promise);
    const early = health.answer("/ready");
    health.add("late", () => Promise.reject(new Error("away")));
    const later = health.answer("/ready");
    slow.resolve();
    assert.deepEqual((await early)?.body.checks, { slow: "ok" });
    assert.deepEqual((await later)?.body.checks, { slow: "ok", late: "unavailable" });
  });

  it("refuses two checks of one name", () => {
    const { health } = setUp();
    health.add("bus", async () => {});
    assert.throws(() => health.add("bus", async () => {}), /already/);
  });
});
