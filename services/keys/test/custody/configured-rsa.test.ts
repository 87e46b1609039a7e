import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { EncryptionSection } from "../../src/config.ts";
import { configuredRsa } from "../../src/custody/configured-rsa.ts";
import { silentLog as log } from "../silent-log.ts";

const pem = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
};
const scratch = mkdtempSync(join(tmpdir(), "rsa-"));
const file = join(scratch, "key.pem");
writeFileSync(file, pem());
after(() => rmSync(scratch, { recursive: true }));
const env = { PEM: pem(), MAC: Buffer.alloc(32, 3).toString("hex") };

async function configured(rsa: unknown) {
  const config = EncryptionSection.parse({ key_manager: { self_contained: { rsa } } });
  return await configuredRsa({ config, env, folder: "/nowhere", log });
}

describe("configuredRsa", () => {
  it("reads keys from a variable, a file and in place, and writes with the highest version", async () => {
    const keys = [
      `2=file:${file}`,
      { version: 3, private_key_source: pem(), envelope_auth_key: "env:MAC" },
    ];
    const custodian = await configured({ private_key_source: "env:PEM", keys });
    assert.equal(custodian.activeKey.keyVersion, 3);
    const values = custodian.readableKeys.map((key) => custodian.checkValue(key));
    assert.equal(new Set(values).size, 3);
  });

  it("takes only the key that its check value says", async () => {
    const custodian = await configured({ private_key_source: "env:PEM" });
    const check_value = custodian.checkValue(custodian.activeKey);
    const key = (private_key_source: string) => [{ version: 1, private_key_source, check_value }];
    await configured({ keys: key("env:PEM") });
    await assert.rejects(configured({ keys: key(`file:${file}`) }), (error) =>
      isFault(error, "config.invalid"),
    );
  });

  it("names every key that is none, and quotes nothing of it", async () => {
    const keys = ["1=env:NONE", "2=base64:c2VjcmV0", "3=env:MAC"];
    await assert.rejects(configured({ keys }), (error) => {
      assert.ok(isFault(error, "config.invalid"));
      assert.match(error.message, /version 1: .*\n.*version 2: .*PEM.*\n.*version 3: /);
      assert.doesNotMatch(error.message, /c2VjcmV0|secret/);
      return true;
    });
  });
});
