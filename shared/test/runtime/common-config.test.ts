import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { z } from "zod";
import { isFault } from "../../src/faults.ts";
import { BackendSection, commonSettings } from "../../src/runtime/common-config.ts";
import { loadConfig } from "../../src/runtime/config.ts";
import { createLog } from "../../src/runtime/log.ts";
import { settingsOf } from "../../src/runtime/settings.ts";

const Everything = z.strictObject({ ...commonSettings, backend: BackendSection });
const load = (env: Record<string, string>, yamlText = "") =>
  loadConfig(Everything, { env, yamlText });

describe("the common sections", () => {
  it("have the defaults users know", () => {
    const config = load({});
    assert.equal(config.log_level, "info");
    assert.equal(config.logging.access_log_format, "default");
    assert.equal(config.nats.subject_prefix, "s3eg");
    assert.equal(config.data_dir, ".data");
    assert.equal(config.metrics.addr, undefined);
    assert.equal(config.metrics.enable_bucket_label, false);
    assert.deepEqual(config.backend.retry, {
      mode: "standard",
      max_attempts: 3,
      initial_backoff: 100,
      max_backoff: 20_000,
      jitter: "full",
      per_operation: {},
      safe_copy_object: true,
    });
    assert.equal(config.backend.region, "us-east-1");
    assert.equal(config.backend.type, "s3");
  });

  it("give every leaf a meaning, and a variable to all but the map", () => {
    const settings = settingsOf(Everything);
    for (const { path, description } of settings) assert.ok(description, path.join("."));
    const silent = settings
      .filter(({ env }) => env === undefined)
      .map(({ path }) => path.join("."));
    assert.deepEqual(silent, ["backend.retry.per_operation"]);
    const variables = settings.map(({ env }) => env).filter((env) => env !== undefined);
    assert.equal(new Set(variables).size, variables.length);
  });

  it("leak no secret when a whole configuration is logged or printed", () => {
    const config = load(
      { SERVICE_SECRET: "hush-1", KEYS_SECRET: "hush-2", BACKEND_ACCESS_KEY: "AK" },
      "backend: {secret_key: hush-3}",
    );
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    createLog({ service: "test", level: "info", destination }).info({ config }, "configuration");
    const printed = [
      ...lines,
      JSON.stringify(config),
      inspect(config, { depth: null, showHidden: true }),
      `${config.backend.secret_key}`,
    ];
    for (const text of printed) {
      assert.doesNotMatch(text, /hush/);
      assert.match(text, /\[secret\]/);
    }
    assert.equal(config.service.keys_secret?.reveal(), "hush-2");
  });

  for (const [what, env] of [
    ["an access key without its secret", { BACKEND_ACCESS_KEY: "AK" }],
    ["a longest wait below the first", { BACKEND_RETRY_MAX_BACKOFF: "50ms" }],
    ["eleven attempts", { BACKEND_RETRY_MAX_ATTEMPTS: "11" }],
    ["a wait of nothing", { BACKEND_RETRY_INITIAL_BACKOFF: "0" }],
    ["a subject prefix with a dot", { NATS_SUBJECT_PREFIX: "a.b" }],
    [
      "a filter that would drop the gateway's own metadata",
      { BACKEND_FILTER_METADATA_KEYS: "a,S3eg" },
    ],
    ["the same by its full name", { BACKEND_FILTER_METADATA_KEYS: "x-amz-meta-s3eg-2" }],
    ["an unknown backend type", { BACKEND_TYPE: "ftp" }],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => load(env),
        (error) => isFault(error, "config.invalid"),
      );
    });
  }
});
