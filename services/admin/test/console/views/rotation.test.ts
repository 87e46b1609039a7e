import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Element, findAll, textOf } from "../../../src/console/element.js";
import { rotationCard, rotationWords } from "../../../src/console/views/rotation.js";

const nowMs = Date.parse("2026-01-02T03:04:05.000Z");
const version = (number: number, state: "active" | "readable" | "by-policy" | "retired") => ({
  ...{ provider: "aes", key_id: `k${number}`, version: number, state },
});
const keys = {
  versions: [
    version(1, "readable"),
    version(2, "active"),
    version(3, "retired"),
    version(4, "by-policy"),
    version(5, "readable"),
    { ...version(6, "readable"), provider: "kmip" },
  ],
  ...{ unknown_objects: 0, other_objects: 0, looked_at: [] },
};
const idle = { phase: "idle", current_version: 2, target_version: 0, in_flight_wraps: 0 };
const rotation = {
  ...{ current_version: 2, target_version: 5, in_flight_wraps: 4 },
  started_at: "2026-01-02T03:04:00.000Z",
  grace_deadline: "2026-01-02T03:04:30.000Z",
};

function card(now: Parameters<typeof rotationWords>[0], more: Partial<typeof keys> = {}) {
  const shown = { nowMs, mayRotate: true };
  return rotationCard({ keys: { ...keys, ...more }, rotation: now }, shown);
}

const buttonsOf = (view: Element) =>
  findAll(view, "button").map((button) => [textOf(button), button.attributes["data-do"]]);

describe("a rotation", () => {
  it("is begun to a version that may wrap, of the store that does, and what is labelled can be filled in", () => {
    const view = card(idle);
    assert.deepEqual(findAll(view, "option").map(textOf), ["5", "4", "1"]);
    const [form] = findAll(view, "form");
    assert.deepEqual(
      [form?.attributes["data-do"], form?.attributes["data-from"]],
      ["start-rotation", "2"],
    );
    const fields = [...findAll(view, "select"), ...findAll(view, "input")];
    assert.deepEqual(
      findAll(view, "label").map(({ attributes }) => attributes.for),
      fields.map(({ attributes }) => attributes.id),
    );
    for (const phase of ["committed", "aborted"]) {
      assert.equal(findAll(card({ ...rotation, phase }), "form").length, 1, phase);
    }
  });

  it("is not begun where the gateway does not do it, and the page says why", () => {
    const [first] = keys.versions;
    assert.ok(first);
    const of = (provider: string, number: number) => {
      const active = { ...version(number, "active"), provider };
      return card(idle, { versions: [active, { ...first, provider }] });
    };
    for (const [view, why] of [
      [of("password", 2), /in the configuration/],
      [of("transit", 0), /Keys of transit are rotated in their key store/],
      [card(idle, { versions: [version(2, "active"), version(3, "retired")] }), /no version to/],
    ] as const) {
      assert.equal(findAll(view, "form").length, 0);
      assert.match(textOf(view), why);
    }
    assert.equal(findAll(card(idle, { versions: [] }), "form").length, 0);
  });

  it("that waits says for what and how long, and can be committed without waiting or left", () => {
    const view = card({ ...rotation, phase: "draining" });
    assert.match(textOf(view), /From version 2 To version 5 Being wrapped 4 Waits at most 25 s/);
    assert.deepEqual(buttonsOf(view), [
      ["Commit without waiting … rotation to version 5", "commit-rotation"],
      ["Abort … rotation to version 5", "abort-rotation"],
    ]);
    const [commit] = findAll(view, "button");
    const { "data-force": force, "data-from": from, "data-to": to } = commit?.attributes ?? {};
    assert.deepEqual([force, from, to], ["true", "2", "5"]);
  });

  it("that is ready is committed without force", () => {
    const view = card({ ...rotation, phase: "ready_for_cutover" });
    assert.match(textOf(view), /is ready: commit it/);
    const [commit] = findAll(view, "button");
    assert.equal(textOf(commit ?? ""), "Commit … rotation to version 5");
    assert.equal(commit?.attributes["data-force"], undefined);
  });

  it("that failed says why, and the next one can begin", () => {
    const view = card({ ...rotation, phase: "aborted", error: "key store said no" });
    assert.match(textOf(view), /failed, and nothing was changed.* Failed .*key store said no/);
    assert.equal(findAll(view, "form").length, 1);
  });

  it("is only shown where the gateway offers no steps", () => {
    const shown = { nowMs, mayRotate: false };
    for (const phase of ["idle", "draining", "ready_for_cutover"]) {
      const view = rotationCard({ keys, rotation: { ...rotation, phase } }, shown);
      assert.deepEqual([findAll(view, "form"), findAll(view, "button")], [[], []]);
    }
  });

  it("is told in other words in every phase, also in one that is not known here", () => {
    const phases = ["idle", "draining", "ready_for_cutover", "committed", "aborted", "new"];
    const words = phases.map((phase) => rotationWords({ ...rotation, phase }));
    assert.equal(new Set(words).size, phases.length);
    assert.match(textOf(card({ ...rotation, phase: "new" })), /in the phase new/);
  });
});
