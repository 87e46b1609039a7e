import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { metricsEndpoints } from "../../src/endpoints/metrics.ts";
import { office } from "../office.ts";
import { ask } from "./asked.ts";

describe("GET /metrics", () => {
  it("gives the metrics of the process in the Prometheus text format", async () => {
    const { status, headers, text } = await ask(metricsEndpoints(office()), "GET /metrics");
    assert.equal(status, 200);
    assert.match(headers["content-type"] ?? "", /^text\/plain/);
    assert.match(text, /^process_cpu_seconds_total /m);
  });

  it("is not there where metrics have a listener of their own", () => {
    assert.deepEqual(metricsEndpoints({ ...office(), hasOwnMetricsPort: true }), []);
  });
});
