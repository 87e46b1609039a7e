import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Change, Decision, decisionAfter } from "../../src/rotation/decision.ts";

const key = (keyVersion: number) => ({ provider: "aes", keyId: "aes", keyVersion }) as const;

/** What holds after these changes. */
function after(...changes: Change[]): Decision {
  const last = changes.reduce<Decision | undefined>(decisionAfter, undefined);
  return Decision.parse(last);
}

describe("decisionAfter", () => {
  it("keeps everything that was decided before and not taken back", () => {
    const decided = after(
      { action: "rotated", key: key(2) },
      { action: "retired", key: key(1) },
      { action: "retired", key: key(3) },
      { action: "restored", key: key(1) },
    );
    assert.deepEqual(decided.active, key(2));
    assert.deepEqual(decided.retired, [key(3)]);
    assert.deepEqual(decided.change.key, key(1));
  });

  it("takes a step of a rotation for no change of states, until it is committed", () => {
    const startedAt = "2026-01-02T03:04:05.000Z";
    const rotation = { id: "rot-1", from: key(1), target: key(2), startedAt } as const;
    const started = { action: "started", key: key(2) } as const;
    const begun = { ...started, rotation: { ...rotation, phase: "draining" } } as const;
    const draining = after({ action: "retired", key: key(3) }, begun);
    assert.equal(draining.active, undefined);
    assert.deepEqual(draining.retired, [key(3)]);
    assert.equal(draining.change.rotationId, "rot-1");
    const done = { ...rotation, phase: "committed", completedAt: startedAt } as const;
    const committed = after(begun, { action: "rotated", key: key(2), rotation: done });
    assert.deepEqual(committed.active, key(2));
    const later = decisionAfter(committed, { action: "retired", key: key(1) });
    assert.deepEqual(later.rotation, done);
    assert.equal(later.change.rotationId, undefined);
  });
});
