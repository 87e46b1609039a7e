import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configurationEndpoints } from "../../src/endpoints/configuration.ts";
import { ask } from "./asked.ts";

describe("GET /admin/config", () => {
  it("shows the settings as they are now", async () => {
    let value = 1;
    const endpoints = configurationEndpoints(["edge"], () => [
      { name: "limits.max_requests", value, source: "environment", variable: "LIMITS" },
      { name: "zone", source: "default" },
    ]);
    const shown = async () => (await ask(endpoints, "GET /admin/config")).body;
    assert.deepEqual(await shown(), {
      roles: ["edge"],
      settings: [
        { name: "limits.max_requests", value: 1, source: "environment", variable: "LIMITS" },
        { name: "zone", source: "default" },
      ],
    });
    value = 2;
    assert.match(JSON.stringify(await shown()), /"value":2/);
  });
});
