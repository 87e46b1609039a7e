/** Keys in a real AWS KMS API (moto's): the rules of every custodian and a service that misbehaves. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { configuredAwsKms } from "../../services/keys/src/custody/configured-aws-kms.ts";
import { getObject, putObject, randomContent } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import {
  binding,
  describeRealCustodian,
  is,
  payload,
  realCustodian,
} from "../real-custodian-contract.ts";
import { MOTO_CREDENTIALS, MOTO_REGION, type Moto, startMoto } from "../servers/moto.ts";
import { freePort } from "../servers/place.ts";
import { pauseAll } from "../servers/proc.ts";
import { startVersitygw } from "../servers/versitygw.ts";

function settingsOf({ endpoint }: { endpoint: string }, keys: string): Record<string, string> {
  return {
    KEY_MANAGER_ENABLED: "true",
    KEY_MANAGER_PROVIDER: "aws-kms",
    AWS_KMS_ENDPOINT: endpoint,
    AWS_KMS_REGION: MOTO_REGION,
    AWS_KMS_KEYS: keys,
  };
}

const custodianOf = (settings: Record<string, string>) =>
  realCustodian(configuredAwsKms, settings, MOTO_CREDENTIALS);

describeRealCustodian("AWS KMS of a real moto", async (opening) => async () => {
  const server = opening.use(await startMoto());
  const TargetKeyId = await server.makeKey();
  await server.call("CreateAlias", { AliasName: "alias/kek", TargetKeyId });
  return await custodianOf(settingsOf(server, "alias/kek"));
});

describe("AWS KMS of a real moto", () => {
  const stack = new AsyncDisposableStack();
  let server: Moto;
  before(async () => {
    server = stack.use(await startMoto());
  });
  after(() => stack.disposeAsync());
  const opened = (keys: string, more: Record<string, string> = {}) =>
    custodianOf({ ...settingsOf(server, keys), ...more });

  it("opens by id and by ARN what it wrapped by either, and after another key was put before it", async () => {
    const [old, fresh] = [await server.makeKey(), await server.makeKey()];
    await using then = await opened(old);
    await then.start();
    const use = { key: then.activeKey, binding };
    assert.deepEqual(use.key, { provider: "aws-kms", keyId: old, keyVersion: 0 });
    const wrapped = await then.wrap(payload, use);
    const arn = `arn:aws:kms:${MOTO_REGION}:123456789012:key/${old}`;
    await using now = await opened(`${fresh},${arn}`, { AWS_KMS_REGION: "" });
    await now.start();
    assert.equal(now.activeKey.keyId, fresh);
    assert.deepEqual(Buffer.from(await now.unwrap(wrapped, use)), payload);
    await using without = await opened(fresh);
    await assert.rejects(without.unwrap(wrapped, use), is("keys.unknown-key"));
  });

  it("opens what it wrapped before AWS rotated the key within", async () => {
    const key = await server.makeKey();
    await using custodian = await opened(key);
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    await server.call("RotateKeyOnDemand", { KeyId: key });
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
  });

  it("is one key in all its regions", async () => {
    const key = await server.makeKey({ MultiRegion: true });
    await server.call("ReplicateKey", { KeyId: key, ReplicaRegion: "eu-west-1" });
    await using here = await opened(key);
    await here.start();
    const use = { key: here.activeKey, binding };
    const wrapped = await here.wrap(payload, use);
    // Should the first region be lost, the same objects open in the other.
    await server.call("DisableKey", { KeyId: key });
    const replica = `arn:aws:kms:eu-west-1:123456789012:key/${key}`;
    await using there = await opened(replica, { AWS_KMS_REGION: "" });
    await there.start();
    assert.deepEqual(there.activeKey, here.activeKey);
    assert.deepEqual(Buffer.from(await there.unwrap(wrapped, use)), payload);
    await assert.rejects(here.unwrap(wrapped, use), is("keys.denied"));
  });

  it("is denied a key while it is disabled or about to be deleted, and has it back after that", async () => {
    const key = await server.makeKey();
    await using custodian = await opened(key);
    await custodian.start();
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    const KeyId = key;
    for (const [end, undo] of [
      ["DisableKey", "EnableKey"],
      ["ScheduleKeyDeletion", "CancelKeyDeletion"],
    ] as const) {
      await server.call(end, {
        KeyId,
        ...(end === "DisableKey" ? {} : { PendingWindowInDays: 7 }),
      });
      await assert.rejects(custodian.unwrap(wrapped, use), is("keys.denied"), end);
      await assert.rejects(custodian.wrap(payload, use), is("keys.denied"), end);
      await server.call(undo, { KeyId });
      await server.call("EnableKey", { KeyId });
      assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload, undo);
    }
  });

  it("has AWS refuse a wrong encryption context, or none", async () => {
    const KeyId = await server.makeKey();
    await using custodian = await opened(KeyId);
    const use = { key: custodian.activeKey, binding };
    const wrapped = Buffer.from(await custodian.wrap(payload, use));
    const elsewhere = { ...use, binding: Buffer.alloc(32, 0xab) };
    await assert.rejects(custodian.unwrap(wrapped, elsewhere), is("crypto.integrity"));
    const asked = { KeyId, CiphertextBlob: wrapped.toString("base64") };
    const right = { "s3eg-binding": binding.toString("base64") };
    const opensWith = async (context: Record<string, string>) =>
      await server.call("Decrypt", { ...asked, EncryptionContext: context });
    await opensWith(right);
    for (const wrong of [{}, { ...right, more: "x" }, { "s3eg-binding": "AAAA" }]) {
      await assert.rejects(opensWith(wrong), /InvalidCiphertextException/);
    }
  });

  it("opens what an alias wrapped before it was moved, if the key of before is listed", async () => {
    const [former, next] = [await server.makeKey(), await server.makeKey()];
    const alias = { AliasName: "alias/moved" };
    await server.call("CreateAlias", { ...alias, TargetKeyId: former });
    await using custodian = await opened(`alias/moved,${former}`);
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    await server.call("UpdateAlias", { ...alias, TargetKeyId: next });
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
    await using without = await opened("alias/moved");
    await assert.rejects(without.unwrap(wrapped, use), is("crypto.integrity"));
  });

  it("is denied a key that is not there, and is unavailable where it is not", async () => {
    await using missing = await opened("11111111-2222-3333-4444-555555555555");
    await assert.rejects(missing.start(), is("keys.denied"));
    await using unnamed = await opened("alias/none");
    await assert.rejects(unnamed.start(), is("keys.denied"));
    const nowhere = { AWS_KMS_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
    await using away = await opened("alias/kek", { ...nowhere, KMS_RETRY_ENABLED: "false" });
    await assert.rejects(away.start(), is("keys.unavailable"));
  });

  it("is unavailable while it is stopped, within its time, and then comes back", async () => {
    const key = await server.makeKey();
    await using custodian = await opened(key, {
      AWS_KMS_TIMEOUT: "300ms",
      KMS_RETRY_MAX_ELAPSED_TIME: "1s",
      KMS_CIRCUIT_BREAKER_ENABLED: "false",
    });
    await using patient = await opened(key);
    const use = { key: custodian.activeKey, binding };
    const wrapped = await patient.wrap(payload, use);
    const goOn = await pauseAll(server.pids);
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.unavailable"));
    goOn();
    assert.deepEqual(Buffer.from(await patient.unwrap(wrapped, use)), payload);
  });

  it("is not believed where it answers garbage", async () => {
    let body = "";
    await using garbage = createServer((_, response) => response.end(body));
    const port = await freePort();
    garbage.listen(port, "127.0.0.1");
    const there = { AWS_KMS_ENDPOINT: `http://127.0.0.1:${port}`, KMS_RETRY_ENABLED: "false" };
    await using custodian = await opened("alias/kek", there);
    for (body of ["", "<html>", "{}", "[]", '{"CiphertextBlob":"AAAA"}', '{"Plaintext":1}']) {
      await assert.rejects(custodian.start(), is("keys.unavailable"), body);
    }
  });
});

describe("a gateway whose key is an alias of AWS KMS that is moved", () => {
  it("needs the former key until everything is re-wrapped, whatever its header says", async () => {
    await using server = await startMoto();
    await using backend = await startVersitygw();
    const [former, next] = [await server.makeKey(), await server.makeKey()];
    const alias = { AliasName: "alias/kek" };
    await server.call("CreateAlias", { ...alias, TargetKeyId: former });
    const bucket = "aliased";
    const { body } = randomContent(10_000);
    const none = { SELF_CONTAINED_AES_KEYS: "", ...MOTO_CREDENTIALS };
    const both = { ...none, ...settingsOf(server, `alias/kek,${former}`) };
    await using gateway = await startGateway({ backend, env: both });
    const s3 = s3ClientOf(gateway);
    const on = { s3, bucket };
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await putObject(on, "one", { body });
    await server.call("UpdateAlias", { ...alias, TargetKeyId: next });
    assert.ok((await getObject(on, "one")).equals(body));
    // The header names the alias, before and after.
    assert.match(await gateway.runCommand(["rewrap", "--dry-run", bucket]), /: 1 current\n/);
    const all = ["rewrap", "--all", "--no-writers", bucket];
    assert.match(await gateway.runCommand(all), /: 1 rewrapped\n/);
    await server.call("DisableKey", { KeyId: former });
    assert.ok((await getObject(on, "one")).equals(body));
    s3.destroy();
  });
});
