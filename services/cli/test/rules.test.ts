import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { readGatewayConfig } from "../src/gateway-config.ts";
import { readRules } from "../src/rules.ts";
import { COMPLETE } from "./environment.ts";

const read = (more: Readonly<Record<string, string>>, ...names: string[]) => {
  const env = { ...COMPLETE, ...more };
  const { config, roles } = readGatewayConfig(names, env);
  return readRules(config, { roles, env });
};

describe("readRules", () => {
  it("says everything that is wrong with credentials, policies and certificates at once", () => {
    const env = {
      AUTH_CREDENTIALS_FILE: "/no/credentials",
      POLICIES: "/no/policies/*.yaml",
      TLS_ENABLED: "true",
      TLS_CERT_FILE: "/no/cert",
      TLS_KEY_FILE: "/no/key",
    };
    assert.throws(
      () => read(env),
      (error) => {
        assert.ok(isFault(error, "config.invalid"));
        for (const path of ["/no/credentials", "/no/policies", "/no/cert"]) {
          assert.ok(error.message.includes(path), path);
        }
        return true;
      },
    );
  });

  it("reads nothing that the roles have no use for", () => {
    const { KEK: _, ...less } = COMPLETE;
    const env = {
      ...less,
      KEY_MANAGER_ENABLED: "false",
      SELF_CONTAINED_AES_KEYS: "",
      TLS_ENABLED: "true",
      TLS_CERT_FILE: "/no/cert",
      TLS_KEY_FILE: "/no/key",
      NATS_URL: "nats://127.0.0.1:1",
    };
    const { config, roles } = readGatewayConfig(["audit"], env);
    const rules = readRules(config, { roles, env });
    assert.equal(rules.entrance, undefined);
    assert.equal(rules.certificate, undefined);
  });

  it("wants authorities where a credential goes with a certificate", () => {
    const certified = { GW_CRED_0_CLIENT_CERT_DNS: "app.example.com" };
    assert.throws(() => read(certified), { code: "config.invalid", message: /client_ca_file/ });
  });
});
