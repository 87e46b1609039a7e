import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkKeyStore } from "@s3eg/shared/contracts/keys.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { sessionOf } from "../../src/wiring/asker-session.ts";
import { COMPLETE } from "../environment.ts";

describe("the session of who asks", () => {
  it("is none without a secret, and on the curve that the profile has", () => {
    const kemOf = (env: Record<string, string>) => {
      const { config } = readGatewayConfig([], { ...COMPLETE, ...env });
      assert.equal(sessionOf(config, undefined), undefined);
      const session = sessionOf(config, new Secret(Buffer.alloc(32, 1)));
      return session?.prove(checkKeyStore, {}, "r").input.asker?.kem;
    };
    assert.deepEqual([kemOf({}), kemOf({ FIPS: "true" })], [32, 16]);
  });
});
