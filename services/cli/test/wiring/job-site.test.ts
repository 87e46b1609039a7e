import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { startJobSite } from "../../src/wiring/job-site.ts";
import { storedPlain } from "../commands/stored-plain.ts";
import { KeptLog } from "../environment.ts";

const ROLES = ["edge", "crypto", "keys"];
const NO_TAGS = { list: () => [], add: () => undefined, remove: () => undefined };
const WISH = {
  ...{ bucket: "box", prefix: "", perSecond: 1000, pendingTags: NO_TAGS },
  ...{
    isDry: true,
    isForAll: false,
    upgrades: false,
    removesSuperseded: false,
    hasNoWriters: false,
  },
};

describe("startJobSite", () => {
  it("runs the job on the configured backend and keys", async () => {
    await using store = await storedPlain();
    const settings = { ...readGatewayConfig(ROLES, store.env), env: store.env };
    const { signal } = new AbortController();
    await using job = await startJobSite(settings, { log: new KeptLog(), signal });
    const first = await job.rewrap(WISH).next();
    assert.deepEqual(first.value, {
      outcomes: [{ key: "plain", result: "skipped", reason: "not sealed" }],
      marker: { key: "plain" },
    });
  });

  it("refuses keys that are not the ones they were", async () => {
    await using store = await storedPlain();
    const { signal } = new AbortController();
    const start = async (env: typeof store.env) => {
      const settings = { ...readGatewayConfig(ROLES, env), env };
      await using _ = await startJobSite(settings, { log: new KeptLog(), signal });
    };
    await start(store.env);
    const other = { ...store.env, KEK: Buffer.alloc(32, 9).toString("base64") };
    await assert.rejects(start(other), { code: "config.invalid" });
  });
});
