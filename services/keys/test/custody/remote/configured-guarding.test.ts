import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredGuarding } from "../../../src/custody/remote/configured-guarding.ts";
import { load } from "../../config/read-settings.ts";

describe("configuredGuarding", () => {
  it("says what the settings say", () => {
    const env = { KMS_RETRY_MULTIPLIER: "3", KMS_CIRCUIT_BREAKER_FAILURES: "7" };
    assert.deepEqual(configuredGuarding({ config: load(env) }, 4000), {
      retry: {
        isEnabled: true,
        initialMs: 100,
        maxMs: 2000,
        multiplier: 3,
        maxElapsedMs: 4000,
        attemptTimeoutMs: 4000,
      },
      breaker: { isEnabled: true, consecutiveFailures: 7, openMs: 5000, successThreshold: 1 },
      healthyForMs: 30_000,
    });
  });

  it("gives a single attempt all its time", () => {
    const { retry } = configuredGuarding({ config: load({ KMS_RETRY_ENABLED: "false" }) }, 20_000);
    assert.equal(retry.maxElapsedMs, 20_000);
  });
});
