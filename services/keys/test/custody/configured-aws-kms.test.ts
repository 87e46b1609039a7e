import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configuredAwsKms } from "../../src/custody/configured-aws-kms.ts";
import { load } from "../config/read-settings.ts";
import { silentLog as log } from "../silent-log.ts";
import { AwsKmsDouble } from "./aws-kms/aws-kms-double.ts";
import { describeCustodian } from "./custodian-contract.ts";

const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

const configured = async (settings: Record<string, string>) => {
  const config = load({
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "aws-kms",
    ...settings,
  });
  return await configuredAwsKms({ config, env, folder: "/nowhere", log });
};

describeCustodian(
  "AwsKmsKeyStore, guarded, on a double,",
  async () => {
    const opened = new AsyncDisposableStack();
    const open = async () => {
      const { endpoint } = opened.use(await AwsKmsDouble.start("kek"));
      const settings = { AWS_KMS_ENDPOINT: endpoint, AWS_KMS_REGION: "eu-central-1" };
      return opened.use(await configured({ ...settings, AWS_KMS_KEYS: "kek" }));
    };
    return {
      custodian: await open(),
      impostor: await open(),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  },
  { everyByte: 7 },
);

describe("configuredAwsKms", () => {
  it("takes the region from the ARN of a key", async () => {
    await using server = await AwsKmsDouble.start("other", "kek");
    const arn = "arn:aws:kms:eu-central-1:123456789012:key/kek";
    const endpoint = { AWS_KMS_ENDPOINT: server.endpoint };
    await using custodian = await configured({ ...endpoint, AWS_KMS_KEYS: `other,${arn}` });
    await custodian.start();
    assert.deepEqual(
      custodian.readableKeys.map(({ keyId }) => keyId),
      ["other", "kek"],
    );
  });

  it("asks nobody before it is started", async () => {
    await using server = await AwsKmsDouble.start("kek");
    await using _ = await configured({ AWS_KMS_ENDPOINT: server.endpoint, AWS_KMS_KEYS: "kek" });
    assert.equal(server.asked.length, 0);
  });

  it("opens what AWS wrapped before it is used, and refuses a wrap that does not open", async () => {
    await using server = await AwsKmsDouble.start("kek");
    const region = { AWS_KMS_REGION: "eu-central-1" };
    const settings = { ...region, AWS_KMS_ENDPOINT: server.endpoint, AWS_KMS_KEYS: "kek" };
    await using custodian = await configured({ ...settings, KMS_RETRY_ENABLED: "false" });
    const use = { key: custodian.activeKey, binding: Buffer.alloc(32, 1) };
    await custodian.wrap(Buffer.alloc(65, 2), use);
    assert.deepEqual(
      server.asked.map(({ action }) => action),
      ["Encrypt", "Decrypt"],
    );
    const KeyId = "arn:aws:kms:eu-central-1:123456789012:key/kek";
    const body = { KeyId, CiphertextBlob: Buffer.alloc(101, 3).toString("base64") };
    server.override = (action) => (action === "Encrypt" ? { body } : undefined);
    await assert.rejects(custodian.wrap(Buffer.alloc(65, 2), use), { code: "keys.unavailable" });
  });
});
