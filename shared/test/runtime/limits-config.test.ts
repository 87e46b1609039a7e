import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { loadConfig } from "../../src/runtime/config.ts";
import { admissionLimitsOf, LimitsSection } from "../../src/runtime/limits-config.ts";

const MIB = 1024 * 1024;
const parsed = (env: Record<string, string> = {}) =>
  loadConfig(z.strictObject({ limits: LimitsSection }), { env }).limits;

describe("the limits of a process", () => {
  it("follow from the memory that it has", () => {
    const budgetOf = (mib: number) => admissionLimitsOf(parsed(), mib * MIB).maxBytes / MIB;
    assert.deepEqual([128, 256, 512, 1024, 65_536].map(budgetOf), [32, 48, 176, 256, 256]);
  });

  it("follow from the machine where nobody says how much that is", () => {
    const { maxBytes } = admissionLimitsOf(parsed());
    assert.ok(maxBytes >= 32 * MIB && maxBytes <= 256 * MIB, String(maxBytes));
  });

  it("are what the settings say", () => {
    const env = {
      LIMITS_MEMORY_BUDGET: String(64 * MIB),
      LIMITS_MAX_REQUESTS: "10",
      LIMITS_MAX_WAIT: "2s",
    };
    assert.deepEqual(admissionLimitsOf(parsed(env)), {
      maxBytes: 64 * MIB,
      maxRequests: 10,
      maxWaitingBytes: 64 * MIB,
      maxWaitMs: 2000,
    });
  });

  it("refuse a budget in which a single large request would not fit", () => {
    assert.throws(() => parsed({ LIMITS_MEMORY_BUDGET: "1000" }), { code: "config.invalid" });
  });
});
