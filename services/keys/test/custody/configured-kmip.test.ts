import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredKmip } from "../../src/custody/configured-kmip.ts";
import { KmipKeyStore } from "../../src/custody/kmip/kmip-key-store.ts";
import { GuardedCustodian } from "../../src/custody/remote/guarded-custodian.ts";
import { load } from "../config/read-settings.ts";
import { is } from "../issued-header.ts";
import { silentLog as log } from "../silent-log.ts";
import { describeCustodian } from "./custodian-contract.ts";
import { KmipDouble } from "./kmip/kmip-double.ts";

const guarding = {
  retry: {
    isEnabled: false,
    initialMs: 1,
    maxMs: 1,
    multiplier: 1,
    maxElapsedMs: 5000,
    attemptTimeoutMs: 5000,
  },
  breaker: { isEnabled: false, consecutiveFailures: 5, openMs: 1, successThreshold: 1 },
  healthyForMs: 1000,
};

describeCustodian(
  "KmipKeyStore, guarded, on a double,",
  () => {
    const open = () => {
      const keys = [{ provider: "kmip", keyId: "kek", keyVersion: 1 }] as const;
      const store = new KmipKeyStore(new KmipDouble("kek"), { keys, dualReadWindow: 1 });
      return new GuardedCustodian(store, guarding);
    };
    const custodian = open();
    return Promise.resolve({
      custodian,
      impostor: open(),
      [Symbol.asyncDispose]: () => custodian[Symbol.asyncDispose](),
    });
  },
  { everyByte: 1 },
);

describe("configuredKmip", () => {
  const configured = async (settings: Record<string, string>) => {
    const config = load({
      KEY_MANAGER_ENABLED: "true",
      KEY_MANAGER_PROVIDER: "cosmian",
      COSMIAN_KMS_ENDPOINT: "https://127.0.0.1:1",
      COSMIAN_KMS_KEYS: "first,second:7,third",
      ...settings,
    });
    return await configuredKmip({ config, env: {}, folder: "/nowhere", log });
  };

  it("names keys as the settings do, and counts those without a version", async () => {
    await using custodian = await configured({});
    assert.deepEqual(custodian.activeKey, { provider: "kmip", keyId: "first", keyVersion: 1 });
    assert.deepEqual(
      custodian.readableKeys.map(({ keyId, keyVersion }) => `${keyId}:${keyVersion}`),
      ["first:1", "second:7", "third:3"],
    );
  });

  it("refuses files that are not there, before any server is asked", async () => {
    await assert.rejects(configured({ COSMIAN_KMS_CA_CERT: "/nowhere/ca" }), is("config.invalid"));
  });
});
