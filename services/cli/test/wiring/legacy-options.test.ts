import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { legacyOptionsOf } from "../../src/wiring/legacy-options.ts";
import { COMPLETE } from "../environment.ts";

const optionsOf = (env: Record<string, string>) =>
  legacyOptionsOf(readGatewayConfig([], { ...COMPLETE, ...env }).config);

describe("what of format 1 is opened", () => {
  it("is no object that others can have made, unless either setting says so", () => {
    assert.equal(optionsOf({}).acceptsForgeable, false);
    assert.equal(optionsOf({ LEGACY_ACCEPT_FORGEABLE: "true" }).acceptsForgeable, true);
    const older = { ENCRYPTION_ALLOW_UNMARKED_NO_AAD_FALLBACK: "true" };
    assert.equal(optionsOf(older).acceptsForgeable, true);
  });

  it("follows the other settings", () => {
    const { contentTypes, isFips } = optionsOf({ LEGACY_CONTENT_TYPES: "a/b,c/d", FIPS: "true" });
    assert.deepEqual(contentTypes, ["a/b", "c/d"]);
    assert.equal(isFips, true);
    assert.equal(optionsOf({}).isFips, false);
    assert.equal(optionsOf({}).readableSuites, undefined);
    const aes = optionsOf({ ENCRYPTION_SUPPORTED_ALGORITHMS: "AES256-GCM" });
    assert.deepEqual(aes.readableSuites, [1]);
  });
});
