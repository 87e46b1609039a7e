import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { type KeyVersionChanged, keyVersionChanged } from "@s3eg/shared/contracts/audit.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import { announceDecisions } from "../../src/rotation/announcements.ts";
import { VersionStates } from "../../src/rotation/version-states.ts";
import { silentLog } from "../silent-log.ts";

const key = (keyVersion: number) => ({ provider: "aes", keyId: "aes", keyVersion }) as const;

/** A folder, what was heard of it, and seconds that pass. */
function scratch(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-announced-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  context.mock.timers.enable({ apis: ["setInterval"] });
  const bus = new MemoryBus({ log: silentLog });
  const heard: KeyVersionChanged[] = [];
  const retired: number[] = [];
  bus.subscribe(keyVersionChanged, (fact) => void heard.push(fact));
  bus.subscribe(versionRetired, ({ keyVersion }) => void retired.push(keyVersion));
  const states = VersionStates.ofKeys(folder);
  const start = (onChange = () => {}) =>
    announceDecisions({ states, folder, bus, log: silentLog, onChange });
  const pass = async () => {
    for (let looks = 0; looks < 3; looks += 1) {
      context.mock.timers.tick(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const told = () => heard.map(({ action, keyVersion }) => `${action} ${keyVersion}`);
  return { states, start, pass, told, retired, bus, heard };
}

describe("announceDecisions", () => {
  it("tells of every decision once, also of those made before a start", async (context) => {
    const at = scratch(context);
    at.states.decide("rotated", key(2));
    let changes = 0;
    const count = () => {
      changes += 1;
    };
    {
      await using _ = at.start(count);
      await at.pass();
      at.states.decide("retired", key(1));
      at.states.decide("retired", key(3));
      await at.pass();
      await at.pass();
    }
    assert.deepEqual(at.told(), ["rotated 2", "retired 1", "retired 3"]);
    assert.deepEqual(at.retired, [1, 3]);
    assert.equal(changes, 3);
    at.states.decide("restored", key(1));
    await using _ = at.start();
    await at.pass();
    assert.deepEqual(at.told().slice(3), ["restored 1"]);
  });

  it("names the rotation of a step, and of no other decision", async (context) => {
    const at = scratch(context);
    const startedAt = new Date().toISOString();
    const record = { id: "rot-1", from: key(1), target: key(2), startedAt } as const;
    const failed = { ...record, phase: "aborted", error: "disabled" } as const;
    at.states.keep(at.states.next({ action: "failed", key: key(2), rotation: failed }));
    at.states.decide("retired", key(3));
    await using _ = at.start();
    await at.pass();
    assert.deepEqual(
      at.heard.map(({ rotationId, error }) => [rotationId, error]),
      [
        ["rot-1", "disabled"],
        [undefined, undefined],
      ],
    );
  });

  it("tells later what it could not tell now", async (context) => {
    const at = scratch(context);
    const gone = context.mock.method(at.bus, "publish", () => Promise.reject(new Error("cut off")));
    at.states.decide("retired", key(1));
    await using _ = at.start();
    await at.pass();
    assert.deepEqual(at.told(), []);
    gone.mock.restore();
    await at.pass();
    assert.deepEqual(at.told(), ["retired 1"]);
  });
});
