import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startGateway } from "../../services/cli/src/gateway.ts";
import { readGatewayConfig } from "../../services/cli/src/gateway-config.ts";
import { isFault } from "../../shared/src/faults.ts";
import { createLog } from "../../shared/src/runtime/log.ts";

const log = createLog({ service: "test", level: "error", destination: { write: () => undefined } });

describe("starting", () => {
  let folder: string;
  let env: Readonly<Record<string, string>>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "s3eg-starting-"));
    env = {
      LISTEN_ADDR: "127.0.0.1:0",
      BACKEND_ENDPOINT: "http://127.0.0.1:1",
      BACKEND_ACCESS_KEY: "A",
      BACKEND_SECRET_KEY: "S",
      GW_CRED_0_ACCESS_KEY: "A",
      GW_CRED_0_SECRET_KEY: "S",
      KEY_MANAGER_ENABLED: "true",
      KEY_MANAGER_PROVIDER: "self_contained",
      SELF_CONTAINED_TYPE: "aes",
      SELF_CONTAINED_AES_KEYS: "1=env:KEK_1",
      KEK_1: Buffer.alloc(32, 1).toString("base64"),
      KEK_2: Buffer.alloc(32, 2).toString("base64"),
      DATA_DIR: join(folder, "data"),
      AUDIT_ENABLED: "false",
    };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Starts, and stops again at once. */
  async function start(change: Readonly<Record<string, string>>): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const all = { ...env, ...change };
    const { config, roles } = readGatewayConfig([], all);
    await startGateway({
      config,
      roles,
      env: all,
      stack,
      stop: new AbortController().signal,
      log,
    });
  }

  it("goes well with what it needs, again and again", async () => {
    await start({});
    await start({});
  });

  it("is refused with another KEK than the one that was there, not at the first read", async () => {
    await start({});
    const wrong = { SELF_CONTAINED_AES_KEYS: "1=env:KEK_2" };
    await assert.rejects(start(wrong), { code: "config.invalid", message: /key version 1/ });
    await start({});
  });

  it("takes a new key version beside the old one", async () => {
    await start({ SELF_CONTAINED_AES_KEYS: "1=env:KEK_1,2=env:KEK_2" });
    const wrong = { SELF_CONTAINED_AES_KEYS: "1=env:KEK_1,2=env:KEK_1" };
    await assert.rejects(start(wrong), { code: "config.invalid" });
  });

  it("is refused without a secret that a setting names, and names it", async () => {
    const missing = { SELF_CONTAINED_AES_KEYS: "1=env:NOT_THERE" };
    await assert.rejects(start(missing), { code: "config.invalid", message: /NOT_THERE/ });
    const half = { GW_CRED_0_SECRET_KEY: "" };
    await assert.rejects(start(half), { code: "config.invalid", message: /GW_CRED_0_SECRET_KEY/ });
    const nowhere = { POLICIES: join(folder, "*.yaml") };
    await assert.rejects(start(nowhere), { code: "config.invalid", message: /policies/ });
  });

  it("is refused where uploads would have no state, a plaintext store, or a policy that contradicts itself", async () => {
    const policy = join(folder, "contradiction.yaml");
    await writeFile(policy, "id: x\nbuckets: [x]\nencrypt_multipart_uploads: false\n");
    const plain = { VALKEY_ADDR: "127.0.0.1:1", VALKEY_TLS_ENABLED: "false" };
    for (const [change, message] of [
      [{ MULTIPART_STATE_EMBEDDED: "off" }, /VALKEY_ADDR/],
      [{ ...plain, NODE_ENV: "production" }, /insecure_allow_plaintext/],
      [{ POLICIES: policy }, /encrypt_multipart_uploads/],
    ] as const) {
      await assert.rejects(start(change), { code: "config.invalid", message });
    }
    await start({ MULTIPART_STATE_EMBEDDED: "off", SERVER_DISABLE_MULTIPART_UPLOADS: "true" });
  });

  it("leaves nothing running when a later role cannot start", async () => {
    const address = { LISTEN_ADDR: "203.0.113.1:1" };
    await assert.rejects(start(address), (error) => !isFault(error, "config.invalid"));
    await start({});
  });
});
