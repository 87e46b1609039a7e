/** Keys in a real AWS KMS API (moto's): the rules of every custodian, a whole gateway on it, and a service that misbehaves. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { configuredAwsKms } from "../../services/keys/src/custody/configured-aws-kms.ts";
import { describeGatewayOn } from "../gateway-on-keys.ts";
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
    const goOn = pauseAll(server.pids);
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

describeGatewayOn("a real AWS KMS API", async () => {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await startMoto());
  const [old, fresh] = [await server.makeKey(), await server.makeKey()];
  const settings = (keys: string) => ({
    ...settingsOf(server, keys),
    ...MOTO_CREDENTIALS,
    AWS_KMS_TIMEOUT: "500ms",
  });
  const opened = opening.move();
  return {
    old: settings(old),
    both: settings(`${fresh},${old}`),
    fresh: settings(fresh),
    pids: server.pids,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
});
