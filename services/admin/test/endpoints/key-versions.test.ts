import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { listVersions } from "@s3eg/shared/contracts/key-rotation.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { keyVersionEndpoints, type LookedAt } from "../../src/endpoints/key-versions.ts";
import { ask } from "./asked.ts";

async function asked(looks: readonly LookedAt[], { hasKeys = true } = {}) {
  const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });
  const bus = new MemoryBus({ log });
  const version = (keyVersion: number, state: "active" | "readable") => {
    return { provider: "aes", keyId: "aes", keyVersion, state, checkValue: `c${keyVersion}` };
  };
  const versions = [version(1, "readable"), version(2, "active")];
  if (hasKeys) bus.serve(listVersions, async () => ({ plain: { versions } }));
  const endpoints = keyVersionEndpoints({ bus, session: undefined }, async () => looks);
  const { status, body } = await ask(endpoints, "GET /admin/keys");
  const rows = (body.versions ?? []) as Record<string, unknown>[];
  return { status, body, rows };
}

const look = (prefix: string, startedAt: string, needs: Record<string, number>) => {
  return { bucket: "b", prefix, startedAt, needs };
};

describe("GET /admin/keys", () => {
  it("lists the versions, and knows nothing of objects where nobody has looked", async () => {
    const { rows, body } = await asked([]);
    assert.deepEqual(rows[0], {
      ...{ provider: "aes", key_id: "aes", version: 1, state: "readable", check_value: "c1" },
    });
    assert.deepEqual(body.looked_at, []);
  });

  it("gives the share of every version in what was looked at", async () => {
    const needs = { "aes 1 aes": 30, "?": 4, "aes 9 aes": 6 };
    const looked = { ...look("", "2026-01-02T00:00:00.000Z", needs), settled: { "aes 2 aes": 60 } };
    const { rows, body } = await asked([looked]);
    assert.deepEqual(
      rows.map(({ objects, share }) => [objects, share]),
      [
        [30, 0.3],
        [60, 0.6],
      ],
    );
    assert.deepEqual([body.unknown_objects, body.other_objects], [4, 6]);
    assert.deepEqual(body.looked_at, [
      { bucket: "b", prefix: "", started_at: "2026-01-02T00:00:00.000Z", objects: 100 },
    ]);
  });

  it("counts no object twice that several looks went over", async () => {
    const { rows, body } = await asked([
      look("", "2026-01-02T00:00:00.000Z", { "aes 1 aes": 10 }),
      look("a/", "2026-01-03T00:00:00.000Z", { "aes 1 aes": 5 }),
      look("a/b", "2026-01-01T00:00:00.000Z", { "aes 1 aes": 2 }),
      { ...look("", "2026-01-02T00:00:00.000Z", { "aes 2 aes": 30 }), bucket: "c" },
    ]);
    assert.deepEqual(
      rows.map(({ objects }) => objects),
      [10, 30],
    );
    assert.equal((body.looked_at as unknown[]).length, 2);
  });

  it("says that keys can't be asked", async () => {
    const { status } = await asked([], { hasKeys: false });
    assert.equal(status, 503);
  });
});
