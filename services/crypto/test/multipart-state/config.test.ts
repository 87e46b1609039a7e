import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { settingsOf } from "@s3eg/shared/runtime/settings.ts";
import { z } from "zod";
import { MultipartStateSection, placeOfState } from "../../src/multipart-state/config.ts";

const schema = z.strictObject({ multipart_state: MultipartStateSection });
const load = (env: Record<string, string> = {}, yamlText = "") =>
  loadConfig(schema, { env, yamlText }).multipart_state;

describe("multipart_state", () => {
  it("has the defaults users know", () => {
    assert.deepEqual(load(), {
      embedded: "auto",
      max_parked_bytes: 1 << 30,
      cleanup_interval: 900_000,
      valkey: {
        mode: "standalone",
        db: 0,
        tls: { enabled: true, insecure_skip_verify: false, min_version: "1.3" },
        sentinel: { master: "mymaster" },
        insecure_allow_plaintext: false,
        ttl_seconds: 604_800,
        dial_timeout: 2000,
        read_timeout: 1000,
        write_timeout: 1000,
        min_idle_conns: 2,
        pool_size: 16,
        health_check_interval: 30_000,
        encrypt_state: true,
        allow_legacy_plaintext_state: false,
      },
    });
  });

  it("takes every setting as a variable, and says what it means", () => {
    for (const { path, env, description } of settingsOf(MultipartStateSection)) {
      assert.match(env ?? "", /^(?:VALKEY|MULTIPART_STATE)_[A-Z_]+$/, path.join("."));
      assert.ok((description ?? "").length > 10, path.join("."));
    }
    const { valkey } = load({
      VALKEY_ADDR: "a:6379, b:6380,[::1]:6381",
      VALKEY_MODE: "sentinel",
      VALKEY_USERNAME: "gateway",
      VALKEY_PASSWORD_ENV: "SECRET",
      VALKEY_TLS_MIN_VERSION: "1.2",
      VALKEY_TTL_SECONDS: "3600",
      VALKEY_READ_TIMEOUT: "250ms",
      VALKEY_ENCRYPTION_PASSWORD_ENV: "OLD",
      VALKEY_POOL_SIZE: "4",
    });
    assert.equal(valkey.tls.min_version, "1.2");
    assert.equal(valkey.read_timeout, 250);
    assert.equal(valkey.encryption_password_env, "OLD");
  });

  it("refuses plaintext to Valkey unless it is allowed by name", () => {
    const plaintext = { VALKEY_ADDR: "valkey:6379", VALKEY_TLS_ENABLED: "false" };
    assert.throws(() => load(plaintext), /VALKEY_TLS_ENABLED.*insecure_allow_plaintext/);
    const allowed = load({ ...plaintext, VALKEY_INSECURE_ALLOW_PLAINTEXT: "true" });
    assert.equal(allowed.valkey.tls.enabled, false);
    assert.equal(load({ VALKEY_TLS_ENABLED: "false" }).valkey.addr, undefined);
  });

  it("refuses what cannot be meant", () => {
    for (const env of [
      { VALKEY_ADDR: "valkey" },
      { VALKEY_ADDR: "redis://valkey:6379" },
      { VALKEY_ADDR: "a:1,,b:2" },
      { VALKEY_TLS_MIN_VERSION: "1.1" },
      { VALKEY_TLS_CERT_FILE: "cert.pem" },
      { VALKEY_MODE: "cluster", VALKEY_DB: "1" },
      { VALKEY_TTL_SECONDS: "0" },
      { VALKEY_READ_TIMEOUT: "0" },
      { VALKEY_ADDR: "valkey:6379", MULTIPART_STATE_EMBEDDED: "on" },
      { MULTIPART_STATE_EMBEDDED: "yes" },
    ]) {
      assert.throws(() => load(env), { code: "config.invalid" }, JSON.stringify(env));
    }
    assert.throws(() => load({}, "multipart_state:\n  valkey:\n    adr: x\n"), /unknown setting/);
  });
});

describe("placeOfState", () => {
  it("is Valkey where it is set, otherwise DATA_DIR where that is allowed", () => {
    const place = (env: Record<string, string>, isAllInOne: boolean) =>
      placeOfState(load(env), isAllInOne);
    assert.equal(place({ VALKEY_ADDR: "valkey:6379" }, true), "valkey");
    assert.equal(place({ VALKEY_ADDR: "valkey:6379" }, false), "valkey");
    assert.equal(place({}, true), "embedded");
    assert.equal(place({}, false), undefined);
    assert.equal(place({ MULTIPART_STATE_EMBEDDED: "on" }, false), "embedded");
    assert.equal(place({ MULTIPART_STATE_EMBEDDED: "off" }, true), undefined);
  });
});
