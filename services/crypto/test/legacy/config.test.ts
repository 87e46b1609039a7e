import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { z } from "zod";
import { LegacySection } from "../../src/legacy/config.ts";

const load = (env: Record<string, string>, yamlText = "") =>
  loadConfig(z.strictObject({ legacy: LegacySection }), { env, yamlText }).legacy;

describe("the settings of reading format 1", () => {
  it("open nothing that can be forged, and try common content types", () => {
    const { accept_forgeable, content_types } = load({});
    assert.equal(accept_forgeable, false);
    assert.ok(content_types.includes("text/plain"));
    assert.equal(new Set(content_types).size, content_types.length);
  });

  it("are there in the environment and in the file", () => {
    const env = {
      LEGACY_ACCEPT_FORGEABLE: "true",
      LEGACY_CONTENT_TYPES: "text/x-ada,text/html; charset=utf-8",
    };
    const expected = {
      accept_forgeable: true,
      content_types: ["text/x-ada", "text/html; charset=utf-8"],
    };
    assert.deepEqual(load(env), expected);
    const yaml =
      "legacy:\n  accept_forgeable: true\n  content_types: [text/x-ada, text/html; charset=utf-8]";
    assert.deepEqual(load({}, yaml), expected);
    assert.deepEqual(load({}, "legacy:\n  content_types: []").content_types, []);
  });

  it("have no others", () => {
    assert.throws(() => load({}, "legacy:\n  accept_all: true"), { code: "config.invalid" });
    assert.throws(() => load({ LEGACY_ACCEPT_FORGEABLE: "perhaps" }), { code: "config.invalid" });
  });
});
