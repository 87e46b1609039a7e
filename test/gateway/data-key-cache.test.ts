import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { versionRetired } from "../../shared/src/contracts/keys.ts";
import { Fault } from "../../shared/src/faults.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

const PLAIN = plaintextOf(C + 5);
const CACHE = {
  KMS_DEK_CACHE_ENABLED: "true",
  KMS_DEK_CACHE_TTL: "5m",
  KMS_DEK_CACHE_MAX_ENTRIES: "10",
};

describe("a key store that is away, with a cache of data keys", () => {
  it("keeps nobody from reading what was read before, and lets nothing be written", async () => {
    await using gateway = await runningGateway({ env: CACHE });
    const { client, bus, store } = gateway;
    const K = pathOf(BUCKET, "k");
    await client.send("PUT", K, { body: PLAIN });
    await client.send("PUT", pathOf(BUCKET, "unread"), { body: PLAIN });
    await client.send("GET", K);
    const away = new Fault("keys.unavailable", "x");
    using _issue = bus.trouble("keys.data-key.issue", away);
    using _unwrap = bus.trouble("keys.data-key.unwrap", away);
    assert.ok((await client.send("GET", K)).bytes.equals(PLAIN));
    const range = await client.send("GET", K, { headers: { range: `bytes=${C - 1}-${C}` } });
    assert.ok(range.bytes.equals(PLAIN.subarray(C - 1, C + 1)));
    assert.equal((await client.send("GET", pathOf(BUCKET, "unread"))).status, 503);
    assert.equal((await client.send("PUT", pathOf(BUCKET, "new"), { body: "x" })).status, 503);
    assert.equal((await client.send("HEAD", pathOf(BUCKET, "new"))).status, 404);
    // The same bytes in another place are another object.
    const { bytes, metadata } = await store.readStored(BUCKET, "k");
    await store.overwriteStored(BUCKET, "unread", { bytes, metadata });
    assert.equal((await client.send("GET", pathOf(BUCKET, "unread"))).status, 503);
    await bus.publish(versionRetired, { provider: "aes", keyId: "aes", keyVersion: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await client.send("GET", K)).status, 503);
  });

  it("keeps nothing where the cache is off, as it is by itself", async () => {
    await using gateway = await runningGateway();
    const K = pathOf(BUCKET, "k");
    await gateway.client.send("PUT", K, { body: PLAIN });
    await gateway.client.send("GET", K);
    using _ = gateway.bus.trouble("keys.data-key.unwrap", new Fault("keys.unavailable", "x"));
    assert.equal((await gateway.client.send("GET", K)).status, 503);
  });
});
