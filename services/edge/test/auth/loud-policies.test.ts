import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { warnOfUnsealed } from "../../src/auth/loud-policies.ts";
import { Policies } from "../../src/auth/policy.ts";
import { keptLog, STANDARD } from "../running-edge.ts";

describe("warnOfUnsealed", () => {
  it("names every policy that lets unsealed objects be read, or stores them", () => {
    const log = keptLog();
    const mixed = { ...STANDARD, contents: "mixed" } as const;
    const rules = [
      { ...STANDARD, id: "a", buckets: ["a"] },
      { ...mixed, id: "b", buckets: ["b", "b-*"] },
      { ...mixed, id: "c", buckets: ["c"], encryptsMultipart: false },
    ];
    warnOfUnsealed(new Policies(rules, STANDARD), log);
    assert.deepEqual(
      log.lines.map(({ level, fields }) => [level, fields.policy, fields.buckets]),
      [
        ["warn", "b", ["b", "b-*"]],
        ["warn", "c", ["c"]],
        ["warn", "c", ["c"]],
      ],
    );
    assert.match(log.lines[0]?.message ?? "", /not sealed/);
    assert.match(log.lines[2]?.message ?? "", /without encryption/);
  });

  it("names the settings of a policy that nothing comes of", () => {
    const log = keptLog();
    const dead = { ...STANDARD, id: "d", buckets: ["d"], withoutEffect: ["rate_limit.enabled"] };
    warnOfUnsealed(new Policies([dead], STANDARD), log);
    assert.deepEqual(
      log.lines.map(({ level, fields }) => [level, fields.policy, fields.settings]),
      [["warn", "d", ["rate_limit.enabled"]]],
    );
  });

  it("says nothing again of policies that were there before", () => {
    const log = keptLog();
    const [former, fresh] = ["former", "fresh"].map((id) => ({
      ...STANDARD,
      ...{ id, buckets: [id], contents: "mixed" as const },
    }));
    assert.ok(former && fresh);
    warnOfUnsealed(new Policies([former, fresh], STANDARD), log, [former]);
    assert.deepEqual(
      log.lines.map(({ fields }) => fields.policy),
      ["fresh"],
    );
  });
});
