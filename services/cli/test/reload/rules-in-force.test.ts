import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RulesInForce } from "../../src/reload/rules-in-force.ts";
import type { Rules } from "../../src/rules.ts";
import { rulesOf } from "./some-rules.ts";

describe("RulesInForce", () => {
  it("tells everybody of rules that were checked, and what was in force before", async () => {
    const [first, next] = [rulesOf(), rulesOf()];
    const rules = new RulesInForce(first);
    const told: Rules[][] = [];
    rules.checkedBy(async () => assert.equal(rules.current, first));
    for (const _ of "ab") rules.adoptedBy((...both) => told.push(both));
    await rules.exchange(next);
    assert.equal(rules.current, next);
    assert.deepEqual(
      told.map(([one, other]) => [one === next, other === first]),
      [
        [true, true],
        [true, true],
      ],
    );
  });

  it("keeps those of before, and tells nobody, where a check throws", async () => {
    const first = rulesOf();
    const rules = new RulesInForce(first);
    rules.adoptedBy(() => assert.fail("told"));
    rules.checkedBy(async () => {
      throw new Error("no such key");
    });
    await assert.rejects(rules.exchange(rulesOf()), /no such key/);
    assert.equal(rules.current, first);
  });
});
