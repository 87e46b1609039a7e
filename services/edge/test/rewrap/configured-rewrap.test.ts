import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { Policies } from "../../src/auth/policy.ts";
import { type RewrapWish, rewrapBucket } from "../../src/rewrap/configured-rewrap.ts";
import { answer, MemoryBackend } from "../memory-backend.ts";
import { keptLog, STANDARD } from "../running-edge.ts";
import { pendingInMemory } from "./rewrapping.ts";

const WISH: RewrapWish = {
  bucket: "photos",
  prefix: "",
  isDry: false,
  isForAll: false,
  upgrades: false,
  removesSuperseded: false,
  hasNoWriters: false,
  perSecond: 1000,
  pendingTags: pendingInMemory(),
};

async function run(backend: MemoryBackend, wish: Partial<RewrapWish> = {}) {
  const log = keptLog();
  const rooms = { backend, bus: new MemoryBus({ log }), crypto: new LocalTransfers({ log }) };
  const policies = new Policies([], STANDARD);
  const pages = [];
  const signal = new AbortController().signal;
  for await (const page of rewrapBucket({ ...rooms, policies, signal }, { ...WISH, ...wish })) {
    pages.push(page);
  }
  return pages;
}

describe("rewrapBucket", () => {
  it("touches nothing where the backend ignores the conditions without which a write could be lost", async () => {
    const deaf = new MemoryBackend();
    deaf.intercept = ({ method }) => (method === "PUT" ? answer(200, { etag: '"e"' }) : undefined);
    await assert.rejects(run(deaf), { code: "input.invalid", message: /copy-source-if-match/ });
    await assert.rejects(run(deaf, { hasNoWriters: true }), { code: "input.invalid" });
    // It heeds the condition on the source, not those on what is overwritten.
    const half = new MemoryBackend();
    half.put("photos/plain", Buffer.from("plain"));
    half.intercept = ({ method }) => (method === "POST" ? answer(501) : undefined);
    await assert.rejects(run(half), { code: "input.invalid", message: /--no-writers/ });
    const [page] = await run(half, { hasNoWriters: true });
    assert.deepEqual(page?.outcomes, [{ key: "plain", result: "skipped", reason: "not sealed" }]);
    assert.deepEqual(page?.marker, { key: "plain" });
  });

  it("needs no conditions, and writes nothing, in a dry run", async () => {
    const backend = new MemoryBackend();
    backend.put("photos/plain", Buffer.from("plain"));
    assert.equal((await run(backend, { isDry: true })).length, 1);
    assert.ok(backend.kept.every(({ request }) => ["GET", "HEAD"].includes(request.method)));
  });
});
