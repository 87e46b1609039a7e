import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { startFips } from "../../src/wiring/fips-start.ts";
import { KeptLog } from "../environment.ts";

describe("the start under the FIPS profile", () => {
  it("says in log and metrics that the profile is on, and what OpenSSL runs", async () => {
    const [log, metrics] = [new KeptLog(), createMetrics()];
    startFips({ fips: true }, { metrics, log });
    assert.match(log.lines.join(), /self-tests passed/);
    assert.match(await metrics.text(), /^gateway_fips_mode 1$/m);
  });

  it("says nothing where it is off", async () => {
    const [log, metrics] = [new KeptLog(), createMetrics()];
    startFips({ fips: false }, { metrics, log });
    assert.deepEqual(log.lines, []);
    assert.match(await metrics.text(), /^gateway_fips_mode 0$/m);
  });
});
