import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsOf } from "@s3eg/shared/runtime/settings.ts";
import { configSchema } from "../src/config-schema.ts";
import { gatewaySchema } from "../src/gateway-config.ts";

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
}

const schema = JSON.parse(configSchema()) as JsonSchema;
const at = (path: readonly string[]) =>
  path.reduce<JsonSchema | undefined>((inner, name) => inner?.properties?.[name], schema);

describe("the JSON schema of the configuration", () => {
  it("has every setting, with its variable and its meaning", () => {
    const settings = settingsOf(gatewaySchema);
    assert.ok(settings.length > 200, String(settings.length));
    for (const { path, env = "", description = "" } of settings) {
      const text = at(path)?.description ?? "";
      assert.ok(at(path), path.join("."));
      assert.ok(text.includes(env) && text.includes(description), `${path.join(".")}: ${text}`);
    }
  });

  it("knows defaults and values, and no other setting", () => {
    assert.deepEqual(at(["log_level"])?.enum, ["debug", "info", "warn", "error"]);
    assert.equal(at(["rate_limit", "window"])?.default, "60s");
    assert.equal(at(["rate_limit", "limit"])?.type, "integer");
    assert.equal(schema.additionalProperties, false);
    assert.equal(at(["server"])?.additionalProperties, false);
    assert.deepEqual(schema.required ?? [], []);
  });
});
