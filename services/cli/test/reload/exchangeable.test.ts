import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { exchangedConfig } from "../../src/reload/exchangeable.ts";
import { COMPLETE } from "../environment.ts";

const configOf = (more: Readonly<Record<string, string>> = {}) =>
  readGatewayConfig([], { ...COMPLETE, ...more }).config;

describe("exchangedConfig", () => {
  it("takes over what can be, and names what waits", () => {
    const running = configOf({ BACKEND_SECRET_KEY: "one" });
    const fresh = configOf({
      BACKEND_SECRET_KEY: "other",
      LOG_LEVEL: "debug",
      RATE_LIMIT_ENABLED: "true",
      AUTH_CLOCK_SKEW_TOLERANCE: "1m",
      SERVER_IDLE_TIMEOUT: "7s",
    });
    const { config, changed, waiting } = exchangedConfig(running, fresh);
    assert.deepEqual(changed, ["log_level", "rate_limit.enabled", "auth.clock_skew_tolerance"]);
    assert.deepEqual(waiting, ["server.idle_timeout", "backend.secret_key"]);
    assert.equal(config.log_level, "debug");
    assert.equal(config.server.idle_timeout, running.server.idle_timeout);
    assert.equal(config.backend.secret_key, running.backend.secret_key);
  });

  it("finds nothing in what is the same", () => {
    const { changed, waiting } = exchangedConfig(configOf(), configOf());
    assert.deepEqual([changed, waiting], [[], []]);
  });

  it("takes other files for certificates, and leaves it at the kind of TLS that there is", () => {
    const tls = { TLS_ENABLED: "true", TLS_CERT_FILE: "c", TLS_KEY_FILE: "k" };
    const running = configOf(tls);
    const other = exchangedConfig(running, configOf({ ...tls, TLS_CERT_FILE: "d" }));
    assert.deepEqual([other.changed, other.waiting], [["tls.cert_file"], []]);
    for (const kind of [{}, { ...tls, TLS_CLIENT_CA_FILE: "a" }]) {
      const { config, changed } = exchangedConfig(running, configOf(kind));
      assert.deepEqual(changed, []);
      assert.deepEqual(config.tls, running.tls);
    }
  });
});
