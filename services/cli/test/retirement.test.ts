import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { adviceOn, type Retirement } from "../src/retirement.ts";

const key = (keyVersion: number) => ({ provider: "aes", keyId: "aes", keyVersion }) as const;

/** Rotations to these versions, at these minutes. */
const rotations = (...steps: [version: number, minute: number][]): Retirement["decisions"] =>
  steps.map(([version, minute], at) => {
    const change = { action: "rotated", key: key(version), timestamp: time(minute) } as const;
    return { number: at + 1, decision: { active: key(version), retired: [], change } };
  });
const time = (minute: number) => `2026-01-02T03:${String(minute).padStart(2, "0")}:00.000Z`;
const report = (minute: number, needs = {}, prefix = "") => ({
  ...{ bucket: "photos", prefix, needs },
  startedAt: time(minute),
});

function reasonOf(decisions: Retirement["decisions"], ...reports: Retirement["reports"]): string {
  const advice = adviceOn({ key: key(1), decisions, reports });
  return "reason" in advice ? advice.reason : "";
}

describe("advice on a retirement", () => {
  const rotated = rotations([2, 10]);

  it("is against it where objects are known to need the version, or were not seen", () => {
    assert.match(reasonOf(rotated, report(20, { "aes 1 aes": 4 })), /photos: 4 need it/);
    assert.match(reasonOf(rotated, report(20, { "?": 1 })), /of 1 it could not be seen/);
    const part = report(20, { "aes 1 aes": 4 }, "2026/");
    assert.match(reasonOf(rotated, report(20), part), /photos\/2026\/\*: 4 need it/);
  });

  it("is against it where nobody has looked at a whole bucket since the version stopped writing", () => {
    assert.match(reasonOf(rotated), /nobody has looked.*since it stopped writing/);
    assert.match(reasonOf(rotated, report(9)), /nobody has looked/);
    assert.match(reasonOf(rotated, report(20, {}, "2026/")), /nobody has looked/);
    assert.match(reasonOf([]), /nobody has looked which objects need version 1:/);
  });

  it("forgets what a look at some keys found once all of the bucket was looked at again", () => {
    const needs = { "aes 1 aes": 4 };
    const part = report(20, needs, "2026/");
    assert.equal(reasonOf(rotated, part, report(21)), "");
    assert.match(reasonOf(rotated, part, { ...report(21), bucket: "other" }), /photos\/2026/);
    assert.match(reasonOf(rotated, report(20, needs), report(21, {}, "2026/")), /photos: 4/);
  });

  it("says what was looked at, and that nothing is known of the rest", () => {
    const advice = adviceOn({
      key: key(1),
      decisions: rotated,
      reports: [report(20, { "aes 2 aes": 9 })],
    });
    assert.ok("note" in advice);
    assert.match(advice.note, /photos \(2026-01-02T03:20.*other buckets.*not known/);
  });

  it("counts from when that version stopped writing, not from a later rotation of others", () => {
    const later = rotations([2, 10], [3, 30]);
    assert.equal(reasonOf(later, report(20)), "");
    const back = rotations([2, 10], [1, 30], [3, 40]);
    assert.match(reasonOf(back, report(20)), /nobody has looked/);
    assert.equal(reasonOf(back, report(41)), "");
  });
});
