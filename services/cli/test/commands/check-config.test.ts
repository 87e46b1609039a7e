import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkConfig } from "../../src/commands/check-config.ts";
import { COMPLETE } from "../environment.ts";

describe("s3eg check-config", () => {
  it("says for which roles the configuration is good", async () => {
    assert.match(await checkConfig([], COMPLETE), /good for: edge, crypto, keys, audit, admin\n$/);
    assert.match(await checkConfig([], {}), /dev-store/);
  });

  it("tells every problem of the files and variables that settings name", async () => {
    const env = {
      ...COMPLETE,
      NATS_URL: "nats://127.0.0.1:1",
      KEK: "",
      POLICIES: "/nowhere/*.yaml",
    };
    await assert.rejects(checkConfig([], env), (error: Error) => {
      for (const named of [/KEK/, /policies/, /SERVICE_SECRET/]) assert.match(error.message, named);
      return true;
    });
  });

  it("finds a policy that names a key which keys does not have, where it reads both", async () => {
    const env = {
      ...COMPLETE,
      GW_POLICY_1_ID: "tenant",
      GW_POLICY_1_BUCKETS: "tenant",
      GW_POLICY_1_KEY_PROVIDER: "rsa",
    };
    await assert.rejects(checkConfig([], env), {
      code: "config.invalid",
      message: /^GW_POLICY_1_\* line 1: encryption\.key_manager\.provider: rsa is no key/,
    });
    const aes = { ...env, GW_POLICY_1_KEY_PROVIDER: "aes" };
    assert.match(await checkConfig([], aes), /configuration is good/);
  });

  it("is refused for a role that does not exist", async () => {
    await assert.rejects(checkConfig(["egde"], COMPLETE), { code: "config.invalid" });
  });

  it("opens no key for a process that is not keys", async () => {
    const env = {
      ...COMPLETE,
      NATS_URL: "nats://127.0.0.1:1",
      SERVICE_SECRET: "11".repeat(32),
      KEY_MANAGER_ENABLED: "",
      SELF_CONTAINED_AES_KEYS: "",
    };
    assert.match(await checkConfig(["edge"], env), /good for: edge\n$/);
  });

  it("names what is set and has no effect", async () => {
    const env = {
      ...COMPLETE,
      ENCRYPTION_CHUNK_SIZE: "1",
      COMPRESSION_ENABLED: "false",
      DEBUG: "true",
    };
    const text = await checkConfig([], env);
    assert.match(text, /^without effect: ENCRYPTION_CHUNK_SIZE \(encryption\.chunk_size\)$/m);
    assert.match(text, /^without effect: COMPRESSION_ENABLED$/m);
    assert.match(text, /^without effect: DEBUG$/m);
    assert.match(text, /good for/);
  });

  it("prints the schema of the configuration, whatever the configuration is", async () => {
    const schema = JSON.parse(await checkConfig(["--schema"], { LOG_LEVEL: "loud" })) as object;
    assert.ok("properties" in schema && "$schema" in schema);
  });
});
