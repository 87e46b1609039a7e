import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { Admission, type AdmissionLimits } from "../../src/runtime/admission.ts";

const LIMITS = { maxBytes: 100, maxRequests: 1000, maxWaitingBytes: 1000, maxWaitMs: 60_000 };

/** An admission whose clock is set by hand, and what became of those who asked. */
function admission(limits: Partial<AdmissionLimits> = {}) {
  const clock = { ms: 0 };
  const admitting = new Admission({ ...LIMITS, ...limits }, () => clock.ms);
  const log: string[] = [];
  const places = new Map<string, Disposable>();
  return {
    clock,
    log,
    get state() {
      return admitting.state;
    },
    /** `name` begins with its client's letter. */
    async ask(name: string, bytes: number, signal?: AbortSignal): Promise<void> {
      const asking = admitting
        .enter({ client: name[0] ?? "", bytes, signal, onWait: () => 1 })
        .then(
          (place) => {
            log.push(name);
            places.set(name, place);
          },
          (error: unknown) => {
            const why = isFault(error) ? error.code : error;
            log.push(`${name}: ${typeof why === "string" ? why : "failed"}`);
          },
        );
      await Promise.race([asking, settled()]);
    },
    async leave(name: string): Promise<void> {
      places.get(name)?.[Symbol.dispose]();
      await settled();
    },
  };
}

/** After everything that is due by now. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("admission", () => {
  it("lets in at once what there is room for, and keeps account of it", async () => {
    const door = admission();
    await door.ask("a1", 30);
    await door.ask("b1", 30);
    assert.deepEqual(door.log, ["a1", "b1"]);
    assert.deepEqual(door.state, { bytes: 60, requests: 2, waiting: 0 });
    await door.leave("a1");
    await door.leave("a1");
    await door.leave("b1");
    assert.deepEqual(door.state, { bytes: 0, requests: 0, waiting: 0 });
  });

  it("leaves a quarter to others, whatever one client asks for", async () => {
    const door = admission();
    for (let n = 0; n < 20; n++) await door.ask(`a${n}`, 10);
    assert.deepEqual(door.state, { bytes: 70, requests: 7, waiting: 13 });
    await door.ask("b0", 10);
    assert.equal(door.log.at(-1), "b0");
    await door.ask("c0", 10);
    assert.equal(door.log.at(-1), "c0");
  });

  it("leaves places to others as well as bytes", async () => {
    const door = admission({ maxRequests: 4 });
    for (const name of ["a1", "a2", "a3", "a4", "b1"]) await door.ask(name, 1);
    assert.deepEqual(door.log, ["a1", "a2", "a3", "b1"]);
  });

  it("lets those who wait in by turns", async () => {
    const door = admission({ maxRequests: 1 });
    for (const name of ["a1", "a2", "a3", "a4", "b1", "c1", "b2"]) await door.ask(name, 1);
    for (const name of ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]) await door.leave(name);
    assert.deepEqual(door.log, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
  });

  it("never gives more than there is, and lets in alone who asks for more", async () => {
    const door = admission();
    await door.ask("a1", 1000);
    assert.deepEqual(door.state, { bytes: 100, requests: 1, waiting: 0 });
    await door.ask("b1", 1);
    assert.deepEqual(door.log, ["a1"]);
    await door.leave("a1");
    assert.deepEqual(door.log, ["a1", "b1"]);
  });

  it("keeps room for a large request that has waited for long", async () => {
    const door = admission();
    for (const name of ["a1", "b1", "c1", "d1"]) await door.ask(name, 20);
    await door.ask("e1", 50);
    door.clock.ms = 30_000;
    await door.leave("a1");
    await door.ask("f1", 20);
    assert.equal(door.log.includes("f1"), false);
    await door.leave("b1");
    assert.deepEqual(door.log.slice(4), ["e1"]);
    await door.leave("c1");
    assert.deepEqual(door.log.slice(4), ["e1", "f1"]);
  });

  it("turns away where those who wait hold too much, and it is the client with the most that goes", async () => {
    const door = admission({ maxRequests: 1, maxWaitingBytes: 2 });
    for (const name of ["a1", "a2", "a3", "a4", "b1"]) await door.ask(name, 1);
    assert.deepEqual(door.log, ["a1", "a4: limit.busy", "a3: limit.busy"]);
    await door.leave("a1");
    await door.leave("a2");
    assert.deepEqual(door.log.slice(3), ["a2", "b1"]);
  });

  it("turns away who has waited too long", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const door = admission({ maxRequests: 1 });
    await door.ask("a1", 1);
    await door.ask("b1", 1);
    context.mock.timers.tick(44_999);
    await settled();
    assert.deepEqual(door.log, ["a1"]);
    context.mock.timers.tick(15_001);
    await settled();
    assert.deepEqual(door.log, ["a1", "b1: limit.busy"]);
    await door.leave("a1");
    assert.deepEqual(door.state, { bytes: 0, requests: 0, waiting: 0 });
  });

  it("forgets who is gone, before or while waiting", async () => {
    const door = admission({ maxRequests: 1 });
    const gone = new AbortController();
    await door.ask("a1", 1);
    await door.ask("b1", 1, gone.signal);
    gone.abort("gone");
    await settled();
    await door.ask("c1", 1, gone.signal);
    assert.deepEqual(door.log, ["a1", "b1: gone", "c1: gone"]);
    assert.deepEqual(door.state, { bytes: 1, requests: 1, waiting: 0 });
  });
});
