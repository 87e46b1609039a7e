import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { SharedDecisions } from "../../src/rotation/shared-decisions.ts";
import { DecisionSeal } from "../../src/rotation/signed-decisions.ts";
import { VersionStates } from "../../src/rotation/version-states.ts";
import { silentLog } from "../silent-log.ts";
import { MemoryKeptValue } from "./memory-kept-value.ts";

const key = (keyVersion: number) => ({ provider: "aes", keyId: "aes", keyVersion }) as const;
const sealOf = (byte: number) => new DecisionSeal(new Secret(Buffer.alloc(32, byte)), "here");
const seal = sealOf(1);
const never = new AbortController().signal;

/** Replicas with folders of their own on one broker. */
function site() {
  const root = mkdtempSync(join(tmpdir(), "s3eg-shared-"));
  const value = new MemoryKeptValue();
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(root, { recursive: true, force: true }));
  return {
    value,
    root,
    /** A replica by name: the same name is the same folder. */
    async open(name: string, own = seal, signal: AbortSignal = never) {
      const states = new VersionStates(join(root, name));
      const shared = await SharedDecisions.open(
        { states, value, seal: own, log: silentLog },
        signal,
      );
      return { states, shared, [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose]() };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What a watch tells is looked at in the next turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("SharedDecisions", () => {
  it("lets every replica follow, and one that was away or is new", async () => {
    await using at = site();
    await using a = await at.open("a");
    await using b = await at.open("b");
    await a.shared.decide({ action: "rotated", key: key(2) });
    await settled();
    assert.deepEqual(b.states.current()?.active, key(2));
    await b.shared[Symbol.asyncDispose]();
    await a.shared.decide({ action: "retired", key: key(1) });
    await a.shared.decide({ action: "retired", key: key(3) });
    await using again = await at.open("b");
    await using fresh = await at.open("c");
    for (const { states } of [a, again, fresh]) {
      assert.equal(states.revision, 3);
      assert.deepEqual(
        [1, 2, 3].map((n) => states.isRetired(key(n))),
        [true, false, true],
      );
    }
    await again.shared.check();
  });

  it("lets one of two decisions of the same moment be lost loudly", async () => {
    await using at = site();
    await using a = await at.open("a");
    await using b = await at.open("b");
    const decided = await Promise.allSettled([
      a.shared.decide({ action: "retired", key: key(1) }),
      b.shared.decide({ action: "retired", key: key(3) }),
    ]);
    assert.deepEqual(
      decided.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    await settled();
    assert.equal(b.states.isRetired(key(1)), true);
    assert.equal(b.states.isRetired(key(3)), false);
    await b.shared.look();
    await b.shared.decide({ action: "retired", key: key(3) });
    await settled();
    assert.deepEqual(a.states.current(), b.states.current());
  });

  it("decides nothing on what is known no more", async () => {
    await using at = site();
    await using a = await at.open("a");
    await a.shared.decide({ action: "retired", key: key(3) }, 0);
    await assert.rejects(a.shared.decide({ action: "rotated", key: key(3) }, 0), {
      code: "backend.changed",
    });
    await a.shared.decide({ action: "rotated", key: key(2) }, 1);
    assert.equal(a.states.revision, 2);
  });

  it("takes no answer from before its own decision for an old value", async (context) => {
    await using at = site();
    await using a = await at.open("a");
    await a.shared.decide({ action: "retired", key: key(3) });
    await settled();
    const read = at.value.read.bind(at.value);
    const gate = Promise.withResolvers<void>();
    context.mock.method(at.value, "read", async () => {
      const kept = await read();
      await gate.promise;
      return kept;
    });
    const looking = a.shared.look();
    await settled();
    const deciding = a.shared.decide({ action: "retired", key: key(1) });
    await settled();
    gate.resolve();
    await Promise.all([looking, deciding]);
    await settled();
    assert.equal(at.value.writes, 2);
    await a.shared.check();
  });

  it("believes nothing forged, old or gone, and puts back what it knows", async () => {
    await using at = site();
    await using a = await at.open("a");
    await a.shared.decide({ action: "rotated", key: key(2) });
    const old = (await at.value.read())?.bytes;
    await a.shared.decide({ action: "retired", key: key(1) });
    const genuine = (await at.value.read())?.bytes;
    const forged = sealOf(9).sign([
      ...a.states.since(0),
      a.states.next({ action: "restored", key: key(1) }),
    ]);
    for (const [what, bytes] of Object.entries({ forged, old, gone: undefined })) {
      const writes = at.value.writes;
      at.value.force(bytes);
      await settled();
      assert.equal(a.states.isRetired(key(1)), true, what);
      if (at.value.writes === writes) continue;
      assert.deepEqual((await at.value.read())?.bytes, genuine, what);
    }
    assert.equal(a.states.revision, 2);
    // A replica that knows nothing has no way to tell old from new, but what is forged it refuses.
    at.value.force(forged);
    await assert.rejects(at.open("new"), { code: "config.invalid", message: /KEYS_SECRET/ });
    await using back = await at.open("a");
    assert.equal(back.states.isRetired(key(1)), true);
    assert.deepEqual((await at.value.read())?.bytes, genuine);
    await using fresh = await at.open("new");
    assert.equal(fresh.states.isRetired(key(1)), true);
  });

  it("does not write without pause against somebody who does", async () => {
    await using at = site();
    await using a = await at.open("a");
    await a.shared.decide({ action: "retired", key: key(1) });
    const { writes } = at.value;
    for (let round = 0; round < 10; round += 1) {
      at.value.force(Buffer.from("forged"));
      await settled();
    }
    assert.ok(at.value.writes - writes <= 1, String(at.value.writes - writes));
  });

  it("waits at the start for a broker that is away, and keeps to what it knows when it goes away later", async () => {
    await using at = site();
    at.value.isAway = true;
    const stop = new AbortController();
    const given = at.open("a", seal, stop.signal);
    await settled();
    stop.abort(new Error("stopped"));
    await assert.rejects(given);
    at.value.isAway = false;
    await using a = await at.open("a");
    await a.shared.decide({ action: "retired", key: key(1) });
    at.value.isAway = true;
    at.value.force(undefined);
    await settled();
    await assert.rejects(a.shared.check(), { code: "bus.unavailable" });
    assert.equal(a.states.isRetired(key(1)), true);
    await assert.rejects(a.shared.decide({ action: "restored", key: key(1) }), {
      code: "bus.unavailable",
    });
    assert.equal(a.states.isRetired(key(1)), true);
  });

  it("brings along what was decided before anything was shared", async () => {
    await using at = site();
    new VersionStates(join(at.root, "old")).decide("retired", key(1));
    await using _ = await at.open("old");
    await using other = await at.open("other");
    assert.equal(other.states.isRetired(key(1)), true);
  });

  it("refuses everything where two replicas have different decisions of one number", async () => {
    await using at = site();
    new VersionStates(join(at.root, "mine")).decide("retired", key(1));
    new VersionStates(join(at.root, "theirs")).decide("retired", key(3));
    await using mine = await at.open("mine");
    await assert.rejects(at.open("theirs"), { code: "config.invalid", message: /decision 1 / });
    assert.equal(mine.states.isRetired(key(1)), true);
  });

  it("refuses everything while a decision can't be kept", async () => {
    await using at = site();
    await using a = await at.open("a");
    await using b = await at.open("b");
    writeFileSync(join(at.root, "b"), "no folder");
    await a.shared.decide({ action: "retired", key: key(1) });
    await settled();
    assert.throws(() => b.states.isRetired(key(2)));
    rmSync(join(at.root, "b"));
    await b.shared.look();
    assert.equal(b.states.isRetired(key(1)), true);
  });
});
