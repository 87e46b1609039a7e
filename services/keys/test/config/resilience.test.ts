import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problems } from "./read-settings.ts";

describe("retry and circuit_breaker", () => {
  it("have defaults that work, also where 0 is given as it was before", () => {
    const zeros = {
      KMS_RETRY_INITIAL_INTERVAL: "0",
      KMS_RETRY_MULTIPLIER: "0",
      KMS_CIRCUIT_BREAKER_FAILURES: "0",
      KMS_CIRCUIT_BREAKER_OPEN_TIMEOUT: "0s",
    };
    for (const env of [{}, zeros]) {
      const { retry, circuit_breaker } = load(env).key_manager;
      assert.deepEqual(retry, {
        enabled: true,
        initial_interval: 100,
        max_interval: 2000,
        max_elapsed_time: 4000,
        multiplier: 2,
      });
      assert.deepEqual(circuit_breaker, {
        enabled: true,
        consecutive_failures: 5,
        open_timeout: 5000,
        success_threshold: 1,
      });
    }
  });

  it("take what is given", () => {
    const env = { KMS_RETRY_MAX_ELAPSED_TIME: "3s", KMS_CIRCUIT_BREAKER_ENABLED: "false" };
    const { retry, circuit_breaker } = load(env).key_manager;
    assert.deepEqual([retry.max_elapsed_time, circuit_breaker.enabled], [3000, false]);
  });

  it("refuse what is no number or too long", () => {
    assert.match(problems({ KMS_RETRY_MULTIPLIER: "-1" }), /KMS_RETRY_MULTIPLIER/);
    assert.match(problems({ KMS_RETRY_MAX_ELAPSED_TIME: "2m" }), /KMS_RETRY_MAX_ELAPSED_TIME/);
  });
});
