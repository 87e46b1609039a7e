import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problems } from "./read-settings.ts";

describe("the key_manager section", () => {
  it("has every setting that present files have", () => {
    const { key_manager } = load(
      {},
      `
encryption:
  key_manager:
    enabled: false
    provider: vault-transit
    dual_read_window: 2
    health_check_interval: 45s
    rotation_policy: { enabled: true, grace_window: 1h }
    cosmian:
      endpoint: https://kms:9998/kmip/2_1
      timeout: 10s
      keys: [{ id: kek, version: 1 }]
      client_cert: /c
      client_key: /k
      ca_cert: /ca
      insecure_skip_verify: false
    memory: { master_key_source: "env:X" }
    self_contained: { type: rsa, rsa: { private_key_source: "env:K", key_version: 2 } }
    openbao:
      address: https://bao:8200
      transit_path: transit
      key_name: kek
      namespace: team
      timeout: 3s
      auth: { method: approle, mount: approle, role_id: r, secret_id_source: "file:/s" }
      tls: { ca_cert: /ca, insecure_skip_verify: false }
    retry:
      enabled: true
      initial_interval: 100ms
      max_interval: 1s
      max_elapsed_time: 5s
      multiplier: 1.5
    circuit_breaker:
      { enabled: true, consecutive_failures: 3, open_timeout: 10s, success_threshold: 2 }
    dek_cache: { enabled: true, ttl: 1m, max_entries: 100, cleanup_interval: 30s }
`,
    );
    assert.equal(key_manager.health_check_interval, 45_000);
    assert.equal(key_manager.retry.multiplier, 1.5);
    assert.equal(key_manager.openbao.timeout, 3000);
    assert.equal(key_manager.self_contained.rsa.keys[0]?.version, 2);
  });

  it("finds a key store healthy for 30 seconds by default", () => {
    assert.equal(load({}).key_manager.health_check_interval, 30_000);
  });

  it("refuses a setting it does not know, wherever it is", () => {
    const yaml =
      "encryption: { key_manager: { retry: { jitter: 1 }, circuit_breaker: { on: 1 } } }";
    const refused = problems({}, yaml);
    assert.match(refused, /retry\.jitter/);
    assert.match(refused, /circuit_breaker\.on/);
  });
});
