import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { versionRetired } from "@s3eg/shared/contracts/keys.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { openResponseCache } from "../src/open-response-cache.ts";
import { keptLog } from "./running-edge.ts";

const LIMITS = { maxBytes: 100_000, maxItems: 10, maxItemBytes: 50_000, ttlMs: 1000 };

describe("openResponseCache", () => {
  it("opens none without limits", () => {
    const parts = { bus: new MemoryBus({ log: keptLog() }), metrics: createMetrics() };
    assert.equal(openResponseCache(undefined, parts), undefined);
  });

  it("forgets everything when a key version is retired", async () => {
    const bus = new MemoryBus({ log: keptLog() });
    const cache = openResponseCache(LIMITS, { bus, metrics: createMetrics() });
    const kept = { pin: "1", size: 1 };
    await cache?.keeping("a", kept, bodyOfBytes(Buffer.from("x"))).pump(() => undefined);
    assert.equal(cache?.find("a")?.pin, "1");
    await bus.publish(versionRetired, { provider: "aes", keyId: "k", keyVersion: 1 });
    await bus.drain();
    assert.equal(cache?.find("a"), undefined);
  });
});
