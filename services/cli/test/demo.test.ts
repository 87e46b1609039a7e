import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demoBanner, openDemo } from "../src/demo.ts";
import { type Env, readGatewayConfig } from "../src/gateway-config.ts";
import { COMPLETE, KeptLog, scratchFolder } from "./environment.ts";

async function demoOf(more: Env) {
  const scratch = await scratchFolder();
  const stack = new AsyncDisposableStack();
  stack.use(scratch);
  const env = { DATA_DIR: scratch.folder, ...more };
  const { config } = readGatewayConfig([], env);
  const demo = await openDemo({ config, env, stack, log: new KeptLog() });
  return { demo, given: config, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe("the demo", () => {
  it("fills in what nobody gave: store, key, credential, and an address for this host alone", async () => {
    await using running = await demoOf({});
    const { config, store, credential } = running.demo;
    assert.deepEqual(config.listen_addr, { host: "127.0.0.1", port: 8080 });
    assert.equal(config.backend.endpoint, store.endpoint);
    assert.equal(config.backend.access_key, store.accessKey);
    assert.equal(config.encryption.key_manager.enabled, true);
    assert.equal(config.encryption.key_manager.self_contained.aes.keys.length, 1);
    assert.deepEqual(
      config.auth.credentials.map(({ access_key }) => access_key),
      [credential.accessKey],
    );
    const answer = await fetch(store.endpoint);
    assert.equal(answer.status, 403, "the store answers, but not to strangers");
  });

  it("keeps what was given", async () => {
    const { SELF_CONTAINED_AES_KEYS, KEK, KEY_MANAGER_ENABLED, ...more } = COMPLETE;
    const { KEY_MANAGER_PROVIDER, SELF_CONTAINED_TYPE } = more;
    const keys = { SELF_CONTAINED_AES_KEYS, KEK, KEY_MANAGER_ENABLED };
    const named = { GW_CRED_0_ACCESS_KEY: "MINE", GW_CRED_0_SECRET_KEY: "hush" };
    const kind = { KEY_MANAGER_PROVIDER, SELF_CONTAINED_TYPE };
    await using running = await demoOf({ ...keys, ...kind, ...named, LISTEN_ADDR: "127.0.0.1:9" });
    const { config, credential } = running.demo;
    assert.deepEqual(config.listen_addr, { host: "127.0.0.1", port: 9 });
    assert.deepEqual(config.encryption, running.given.encryption);
    assert.deepEqual(config.auth, running.given.auth);
    assert.deepEqual(credential, { accessKey: "MINE" });
  });

  it("prints the secrets it made up, and no others", async () => {
    await using made = await demoOf({});
    const { credential, store } = made.demo;
    const banner = demoBanner(made.demo, 1234);
    assert.match(banner, /http:\/\/127\.0\.0\.1:1234/);
    for (const shown of [credential.madeUpSecretKey, store.secretKey]) {
      assert.ok(shown && banner.includes(shown.reveal()));
    }
    const named = { GW_CRED_0_ACCESS_KEY: "MINE", GW_CRED_0_SECRET_KEY: "hush" };
    await using given = await demoOf(named);
    const text = demoBanner(given.demo, 1234);
    assert.ok(text.includes("MINE") && !text.includes("hush"));
  });
});
