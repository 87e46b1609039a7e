import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { startDevStore } from "../../../dev-store/src/main.ts";
import { orphans } from "../../src/commands/orphans.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { openBackend } from "../../src/wiring/backends.ts";
import { openUploadState } from "../../src/wiring/upload-state.ts";
import { COMPLETE, KeptLog, scratchFolder } from "../environment.ts";

/** A store with a bucket, and the settings of a gateway before it that keeps state in a folder. */
async function startStore(folder: string) {
  const log = new KeptLog();
  const credentials = [{ accessKey: "A", secretKey: new Secret("S") }];
  const at = { folder: join(folder, "store"), host: "127.0.0.1", port: 0 };
  const store = await startDevStore({ ...at, credentials, log });
  const origin = store.endpoint.origin;
  const env = { ...COMPLETE, BACKEND_ENDPOINT: origin, DATA_DIR: join(folder, "data") };
  const { config, roles } = readGatewayConfig(["edge", "crypto", "keys"], env);
  const backend = openBackend(config.backend, { identities: [], log });
  const send = async (method: "PUT" | "POST" | "GET", key = "", query: [string, string][] = []) => {
    const target = { bucket: "box", ...(key === "" ? {} : { key }) };
    const response = await backend.send({ method, ...target, query, requestId: "r" });
    return await response.text();
  };
  await send("PUT");
  return {
    env,
    openState: async () => {
      const state = await openUploadState({ config, roles, env, log, metrics: createMetrics() });
      assert.ok(state);
      return state;
    },
    begin: async (key: string) => {
      const text = await send("POST", key, [["uploads", ""]]);
      return /<UploadId>([^<]+)</.exec(text)?.[1] ?? "";
    },
    uploads: async () =>
      (await send("GET", "", [["uploads", ""]])).match(/<UploadId>/g)?.length ?? 0,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

describe("s3eg orphans", () => {
  it("lists both kinds, and removes them where that is asked for", async () => {
    await using scratch = await scratchFolder();
    await using store = await startStore(scratch.folder);
    const known = await store.begin("known");
    const unknown = await store.begin("unknown");
    {
      await using state = await store.openState();
      const place = {
        bucket: "box",
        boundBucket: "box",
        header: "h",
        suite: 1,
        isSealed: true,
      } as const;
      const record = { ...place, createdAtMs: Date.now(), policy: {} };
      await state.create({ ...record, uploadId: known, key: "known" });
      await state.create({ ...record, uploadId: "ended", key: "a b" });
    }
    const young = await orphans([], store.env);
    assert.match(young, /^state +"box\/a b" ended\n1 found/);
    const args = ["--older-than", "0", "box"];
    const found = await orphans(args, store.env);
    assert.match(found, /^state .*\nupload +"box\/unknown" .* since 20\d\d-.*\n2 found; --remove/);
    assert.ok(found.includes(unknown));
    assert.equal(await store.uploads(), 2);
    assert.match(await orphans(["--remove", ...args], store.env), /\n2 removed\n$/);
    assert.equal(await store.uploads(), 1);
    assert.equal(await orphans(args, store.env), "0 found; --remove removes them\n");
  });

  it("refuses a wrong command line, and a gateway that takes no uploads", async () => {
    for (const args of [["--force"], ["--older-than"], ["--older-than", "soon"]]) {
      await assert.rejects(orphans(args, COMPLETE), { code: "input.invalid", message: /usage/ });
    }
    await using scratch = await scratchFolder();
    const env = { ...COMPLETE, DATA_DIR: scratch.folder, SERVER_DISABLE_MULTIPART_UPLOADS: "true" };
    await assert.rejects(orphans([], env), { code: "config.invalid" });
  });
});
