import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { adminMetrics } from "../src/admin-metrics.ts";

describe("adminMetrics", () => {
  it("says whether there is an admin API", async () => {
    for (const [isEnabled, value] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const metrics = createMetrics();
      adminMetrics(metrics, isEnabled);
      assert.match(await metrics.text(), new RegExp(`^gateway_admin_api_enabled ${value}$`, "m"));
    }
  });

  it("counts and times requests, under labels that a client cannot multiply", async () => {
    const metrics = createMetrics();
    const answered = adminMetrics(metrics, true);
    answered({ method: "GET", path: "/a/{id}", status: 200, seconds: 0.2 });
    for (const method of ["FOO", "__proto__", "constructor"]) {
      answered({ method, path: undefined, status: 404, seconds: 0.1 });
    }
    const text = await metrics.text();
    const of = (labels: string) => `gateway_admin_api_requests_total{${labels}}`;
    assert.ok(text.includes(`${of('method="GET",path="/a/{id}",status_code="200"')} 1`), text);
    assert.ok(text.includes(`${of('method="other",path="unknown",status_code="404"')} 3`), text);
    assert.match(
      text,
      /^gateway_admin_api_request_duration_seconds_count\{method="GET",path="\/a\/\{id\}"\} 1$/m,
    );
  });
});
