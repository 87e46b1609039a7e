import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import {
  configuredIdentities,
  identityOfSetting,
  numberedIdentity,
  uniqueIdentities,
} from "../../src/auth/configured-identities.ts";
import { numberedVariables } from "../../src/auth/credential-sources.ts";

const plain = (identities: ReturnType<typeof configuredIdentities>) =>
  identities.map(({ identity, identitySecret }) => [identity, identitySecret.reveal()]);

describe("configuredIdentities", () => {
  it("come from settings and variables, without the clients they belong to", () => {
    const settings = [
      {
        access_key: "A",
        secret_key_env: "NOT_HERE",
        backend_access_key: "BA",
        backend_secret_key: new Secret("ba"),
      },
      { access_key: "B", secret_key_env: "NOT_HERE" },
    ];
    const env = {
      GW_BACKEND_ACCESS_KEY_1: "BC",
      GW_BACKEND_SECRET_KEY_1: "bc",
      GW_CRED_0_BACKEND_ACCESS_KEY: "BD",
      GW_CRED_0_BACKEND_SECRET_KEY: "bd",
    };
    assert.deepEqual(plain(configuredIdentities(settings, env)), [
      ["BA", "ba"],
      ["BD", "bd"],
      ["BC", "bc"],
    ]);
  });

  it("may be shared, but not with different secrets", () => {
    const one = { identity: "BK", identitySecret: new Secret("a") };
    assert.equal(uniqueIdentities([one, { ...one }, {}]).length, 1);
    const other = { ...one, identitySecret: new Secret("b") };
    assert.throws(() => uniqueIdentities([one, other]), { code: "config.invalid" });
  });

  it("refuse half a pair", () => {
    for (const env of [{ GW_BACKEND_ACCESS_KEY_1: "A" }, { GW_BACKEND_SECRET_KEY_1: "a" }]) {
      assert.throws(() => configuredIdentities([], env), { code: "config.invalid" });
    }
  });

  it("refuse the name that means unsigned", () => {
    const own = { backend_access_key: "anonymous", backend_secret_key: new Secret("a") };
    const setting = { access_key: "A", secret_key: new Secret("a"), ...own };
    assert.throws(() => identityOfSetting(setting), { code: "config.invalid" });
    const env = { GW_BACKEND_ACCESS_KEY_1: "anonymous", GW_BACKEND_SECRET_KEY_1: "a" };
    const [variables] = numberedVariables(env);
    assert.ok(variables);
    assert.throws(() => numberedIdentity(env, variables.names), { code: "config.invalid" });
  });
});
