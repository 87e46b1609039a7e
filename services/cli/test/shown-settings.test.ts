import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Env, readGatewayConfig } from "../src/gateway-config.ts";
import { shownSettings } from "../src/shown-settings.ts";
import { COMPLETE, KEK, scratchFolder } from "./environment.ts";

function shownWith(env: Env) {
  const settings = shownSettings(readGatewayConfig([], env).config, env);
  return new Map(settings.map((setting) => [setting.name, setting]));
}

describe("the settings as they are shown", () => {
  it("are what is in force, with where each comes from", async () => {
    await using scratch = await scratchFolder();
    const path = join(scratch.folder, "config.yaml");
    writeFileSync(path, "zone: a\nrate_limit:\n  window: 30s\n  limit: 7\n");
    const shown = shownWith({ ...COMPLETE, CONFIG_PATH: path, ZONE: "b" });
    assert.deepEqual(shown.get("zone"), {
      name: "zone",
      value: "b",
      source: "environment",
      variable: "ZONE",
    });
    const { value, source } = shown.get("rate_limit.window") ?? {};
    assert.deepEqual([value, source], [30_000, "file"]);
    assert.equal(shown.get("rate_limit.limit")?.value, 7);
    assert.equal(shown.get("log_level")?.source, "default");
    assert.deepEqual(shown.get("listen_addr")?.value, { host: "127.0.0.1", port: 0 });
  });

  it("have no secret in them, wherever one may be given", async () => {
    await using scratch = await scratchFolder();
    const path = join(scratch.folder, "config.yaml");
    writeFileSync(
      path,
      `
nats: { url: "nats://user:HUSH@127.0.0.1:4222,nats://HUSH@127.0.0.1:4223" }
service: { secret: ${"aa".repeat(32)}, keys_secret: ${"bb".repeat(32)} }
backend: { secret_key: HUSH }
auth: { credentials: [{ access_key: me, secret_key: HUSH }] }
multipart_state: { valkey: { addr: "127.0.0.1:1", password_env: NAME_OF_IT } }
audit:
  enabled: true
  sink: { type: http, endpoint: "https://user:HUSH@127.0.0.1/x", headers: { Authorization: Bearer HUSH } }
admin: { auth: { token: HUSH } }
encryption:
  key_manager:
    self_contained: { aes: { keys: [{ version: 1, key_source: "base64:${KEK}" }] } }
`,
    );
    const env = { ...COMPLETE, SELF_CONTAINED_AES_KEYS: "", BACKEND_SECRET_KEY: "" };
    const shown = shownWith({ ...env, CONFIG_PATH: path });
    const text = JSON.stringify([...shown.values()]);
    for (const secret of ["HUSH", "aa".repeat(32), "bb".repeat(32), KEK]) {
      assert.ok(!text.includes(secret), secret);
    }
    assert.equal(shown.get("service.secret")?.value, "[secret]");
    assert.deepEqual(shown.get("audit.sink.headers")?.value, { Authorization: "[secret]" });
    assert.equal(
      shown.get("nats.url")?.value,
      "nats://[secret]@127.0.0.1:4222,nats://[secret]@127.0.0.1:4223",
    );
    assert.match(text, /"access_key":"me","secret_key":"\[secret\]"/);
    assert.equal(shown.get("multipart_state.valkey.password_env")?.value, "NAME_OF_IT");
  });
});
