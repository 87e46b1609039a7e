import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gatewayOf, NO_KEYS, readinessOf, SPLIT } from "../some-gateway.ts";

describe("edge in a process of its own", () => {
  it("is not ready before it knows a crypto worker, and keys answers", async () => {
    const env = { ...SPLIT, ...NO_KEYS, KEYS_SECRET: "" };
    await using gateway = await gatewayOf(["edge"], env);
    const { status, checks } = await readinessOf(`127.0.0.1:${gateway.port}`);
    assert.equal(status, 503);
    const away = { backend: "unavailable", keys: "unavailable", crypto: "unavailable" };
    assert.deepEqual(checks, { nats: "ok", ...away });
  });
});
