import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EncryptionSection } from "../../src/config.ts";
import { configuredAes } from "../../src/custody/configured-aes.ts";
import { silentLog as log } from "../silent-log.ts";

describe("configuredAes", () => {
  it("reads every version, and writes with the active one", async () => {
    const aes = { keys: ["1=env:A", "2=env:B"], active_version: 1 };
    const config = EncryptionSection.parse({ key_manager: { self_contained: { aes } } });
    const env = { A: Buffer.alloc(32, 1).toString("hex"), B: Buffer.alloc(32, 2).toString("hex") };
    const custodian = await configuredAes({ config, env, folder: "/nowhere", log });
    assert.deepEqual(custodian.activeKey, { provider: "aes", keyId: "aes", keyVersion: 1 });
    assert.deepEqual(
      custodian.readableKeys.map(({ keyVersion }) => keyVersion),
      [1, 2],
    );
  });
});
