import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { configuredPkcs11 } from "../../src/custody/configured-pkcs11.ts";
import { load } from "../config/read-settings.ts";
import { silentLog as log } from "../silent-log.ts";

const settings = {
  KEY_MANAGER_ENABLED: "true",
  KEY_MANAGER_PROVIDER: "hsm",
  // Any file: nothing is loaded before the start.
  PKCS11_MODULE: import.meta.filename,
  PKCS11_TOKEN_LABEL: "token",
  PKCS11_PIN_SOURCE: "env:PIN",
  PKCS11_KEYS: "new:2,old",
};

const configured = async (more: Record<string, string> = {}, env = { PIN: "1234" }) =>
  await configuredPkcs11({
    config: load({ ...settings, ...more }),
    env,
    folder: "/nowhere",
    log,
  });

const refused = (message: RegExp) => (error: unknown) =>
  isFault(error, "config.invalid") && message.test(error.message);

describe("configuredPkcs11", () => {
  it("names its keys, of which the first writes, and loads nothing before it is started", async () => {
    await using custodian = await configured();
    const [active, old] = custodian.readableKeys;
    assert.deepEqual(active, { provider: "pkcs11", keyId: "new", keyVersion: 2 });
    assert.deepEqual(custodian.activeKey, active);
    assert.deepEqual(old, { provider: "pkcs11", keyId: "old", keyVersion: 1 });
  });

  it("refuses a module or a PIN that is not there, and a key that is none", async () => {
    await assert.rejects(configured({ PKCS11_MODULE: "/none.so" }), refused(/module.*ENOENT/));
    await assert.rejects(configured({}, { PIN: "" }), refused(/pin_source.*PIN is not set/));
    const blank = { PKCS11_PIN_SOURCE: "env:BLANK" };
    await assert.rejects(
      configuredPkcs11({
        config: load({ ...settings, ...blank }),
        env: { BLANK: " \n" },
        folder: "/nowhere",
        log,
      }),
      refused(/pin_source: is empty/),
    );
    const short = { PKCS11_ENVELOPE_AUTH_KEY: "base64:AAAA" };
    await assert.rejects(configured(short), refused(/envelope_auth_key/));
  });
});
