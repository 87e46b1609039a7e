import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { AzureDouble } from "../../services/keys/test/custody/azure/azure-double.ts";
import { setForSdk } from "../../services/keys/test/custody/sdk-environment.ts";
import { type RotatingGateway, rotatingGateway } from "./rotating-gateway.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

describe("a key store that was rotated by command, the settings as they were", () => {
  const stack = new AsyncDisposableStack();
  const K = pathOf(BUCKET, "k");
  let folder: string;
  let server: AzureDouble;
  let names: readonly [string, string];
  let at: RotatingGateway;
  const settings = () => ({
    DATA_DIR: folder,
    // Read beside the vault.
    SELF_CONTAINED_AES_KEYS: "1=env:KEK",
    KEK: Buffer.alloc(32, 1).toString("base64"),
    KEY_MANAGER_PROVIDER: "azure-key-vault",
    AZURE_KEY_VAULT_URL: server.origin,
    AZURE_KEY_VAULT_KEYS: names.map((name, n) => `${n + 1}=${name}:A256GCM`).join(","),
    KMS_RETRY_ENABLED: "false",
    KMS_CIRCUIT_BREAKER_ENABLED: "false",
    KMS_HEALTH_CHECK_INTERVAL: "1ms",
  });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "s3eg-rotated-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    server = stack.use(await AzureDouble.start());
    setForSdk(server.tokenEnv);
    names = [await server.makeKey("aes"), await server.makeKey("aes")];
    at = stack.use(await rotatingGateway(settings()));
  });
  after(() => stack.disposeAsync());
  const put = async () => (await at.gateway.client.send("PUT", K, { body: "content" })).status;

  it("needs the former key no more: not while it runs, not at a start, nor do commands", async () => {
    assert.equal(await put(), 200);
    await at.keys("rotate", "2");
    assert.equal(await put(), 200);
    assert.equal(await at.versionOf(K), 2);
    server.disabled.add(names[0]);
    assert.match(await at.keys("check"), /active +azure +2 /);
    await using again = await runningGateway({ env: settings() });
    for (const { client } of [at.gateway, again]) {
      assert.equal((await client.send("PUT", K, { body: "content" })).status, 200);
    }
  });

  it("is rotated to no key that does not work, and away from one", async () => {
    await assert.rejects(at.keys("rotate", "1"), { code: "keys.denied" });
    assert.equal(await put(), 200);
    assert.equal(await at.versionOf(K), 2);
    server.disabled.delete(names[0]);
    server.disabled.add(names[1]);
    assert.equal(await put(), 500);
    await assert.rejects(at.keys("check"), { code: "keys.denied" });
    await assert.rejects(at.keys("rotate", "3"), { code: "input.invalid" });
    await at.keys("rotate", "1");
    assert.equal(await put(), 200);
    assert.equal(await at.versionOf(K), 1);
  });
});
