import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { openUploadState } from "../../src/wiring/upload-state.ts";
import { COMPLETE, scratchFolder } from "../environment.ts";

const log = createLog({ service: "test", level: "error", destination: { write: () => undefined } });
const UPLOAD = {
  uploadId: "u",
  bucket: "b",
  key: "k",
  boundBucket: "b",
  header: "h",
  suite: 1,
  isSealed: true,
  createdAtMs: 1,
  policy: {},
} as const;

async function open(env: Record<string, string>, roles: readonly string[] = []) {
  const all = { ...COMPLETE, ...env };
  return await openUploadState({
    ...readGatewayConfig(roles, all),
    env: all,
    log,
    metrics: createMetrics(),
  });
}

describe("openUploadState", () => {
  it("keeps uploads in DATA_DIR over a restart, under a key that only its owner can read", async () => {
    await using scratch = await scratchFolder();
    const first = await open({ DATA_DIR: scratch.folder });
    await first?.create(UPLOAD);
    await first?.[Symbol.asyncDispose]();
    const again = await open({ DATA_DIR: scratch.folder });
    assert.equal((await again?.find(UPLOAD))?.header, "h");
    await again?.[Symbol.asyncDispose]();
    assert.equal(statSync(join(scratch.folder, "state.key")).mode & 0o077, 0);
  });

  it("keeps none where uploads are switched off", async () => {
    await using scratch = await scratchFolder();
    const env = { DATA_DIR: scratch.folder, SERVER_DISABLE_MULTIPART_UPLOADS: "true" };
    assert.equal(await open(env), undefined);
    assert.equal(await open({ ...env, MULTIPART_STATE_EMBEDDED: "off" }), undefined);
    assert.deepEqual(readdirSync(scratch.folder), []);
  });

  it("demands the shared secret where uploads are kept in Valkey", async () => {
    await using scratch = await scratchFolder();
    const env = { DATA_DIR: scratch.folder, VALKEY_ADDR: "127.0.0.1:1" };
    await assert.rejects(
      open(env),
      (error) => isFault(error, "config.invalid") && /KEYS_SECRET/.test(error.message),
    );
  });
});
