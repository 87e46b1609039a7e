/** Keys in a real KMIP server (PyKMIP, binary over TLS): the rules of every custodian and a server that misbehaves. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { createServer } from "node:tls";
import { configuredKmip } from "../../services/keys/src/custody/configured-kmip.ts";
import {
  binding,
  describeRealCustodian,
  is,
  keepsQuestionsApart,
  payload,
  realCustodian,
} from "../real-custodian-contract.ts";
import { KmipOperator, kmipSettings } from "../servers/kmip-keys.ts";
import { onlyVersions } from "../servers/kmip-versions.ts";
import { freePort, makeScratch, type Scratch } from "../servers/place.ts";
import { pauseAll } from "../servers/proc.ts";
import { type Pykmip, startPykmip } from "../servers/pykmip.ts";
import { openRelay } from "../servers/relay.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";

const custodianOf = (settings: Record<string, string>) =>
  realCustodian(configuredKmip, { KEY_MANAGER_PROVIDER: "kmip", ...settings });

async function operatorOf({ port }: Pick<Pykmip, "port">, pki: TestPki): Promise<KmipOperator> {
  return new KmipOperator({ port, ...(await pki.clientOptions()) });
}

describeRealCustodian("KMIP of a real PyKMIP", async (opening) => {
  const scratch = opening.use(await makeScratch("kmip-pki"));
  const pki = await makeTestPki(scratch.folder);
  // Identifiers are numbers in order, so two servers call their first keys the same.
  return async () => {
    const server = opening.use(await startPykmip(pki));
    const keyId = await (await operatorOf(server, pki)).makeKey();
    return await custodianOf(kmipSettings(server.endpoint, keyId, pki));
  };
});

describe("KMIP of a real PyKMIP", () => {
  const stack = new AsyncDisposableStack();
  let scratch: Scratch;
  let pki: TestPki;
  let server: Pykmip;
  let operator: KmipOperator;
  let keys: string[];
  before(async () => {
    scratch = stack.use(await makeScratch("kmip-pki"));
    pki = await makeTestPki(scratch.folder);
    server = stack.use(await startPykmip(pki));
    operator = await operatorOf(server, pki);
    keys = [await operator.makeKey(), await operator.makeKey(), await operator.makeKey()];
  });
  after(() => stack.disposeAsync());
  const opened = (named: string, more: Record<string, string> = {}) =>
    custodianOf({ ...kmipSettings(server.endpoint, named, pki), ...more });

  it("opens what the key of before wrapped, after another was put before it", async () => {
    const [old = "", fresh = ""] = keys;
    await using then = await opened(`${old}:1`);
    await then.start();
    const use = { key: then.activeKey, binding };
    const wrapped = await then.wrap(payload, use);
    assert.equal(wrapped.byteLength, 93);
    await using now = await opened(`${fresh}:2,${old}:1`);
    await now.start();
    assert.equal(now.activeKey.keyId, fresh);
    assert.deepEqual(Buffer.from(await now.unwrap(wrapped, use)), payload);
    const misnamed = { key: now.activeKey, binding };
    await assert.rejects(now.unwrap(wrapped, misnamed), is("crypto.integrity"));
    await using without = await opened(`${fresh}:2`);
    await assert.rejects(without.unwrap(wrapped, use), is("keys.unknown-key"));
  });

  it("is denied a key that is not there, revoked or destroyed", async () => {
    await using missing = await opened("999");
    await assert.rejects(missing.start(), is("keys.denied"));
    const gone = await operator.makeKey();
    await using custodian = await opened(gone);
    await custodian.start();
    await operator.revoke(gone);
    const use = { key: custodian.activeKey, binding };
    await assert.rejects(custodian.wrap(payload, use), is("keys.denied"));
    await operator.destroy(gone);
    await assert.rejects(custodian.wrap(payload, use), is("keys.denied"));
  });

  it("keeps many questions apart", async () => {
    const patience = { COSMIAN_KMS_TIMEOUT: "60s", KMS_RETRY_MAX_ELAPSED_TIME: "60s" };
    await using custodian = await opened(keys[0] ?? "", patience);
    await keepsQuestionsApart(custodian);
  });

  for (const version of ["2.0", "1.4"] as const) {
    it(`works with version ${version} of KMIP where the server knows no newer one`, async () => {
      const spoken = new Set<string>();
      await using relay = await openRelay({ port: server.port, pki });
      relay.treatment = onlyVersions(["1.2", "1.3", version], (name) => spoken.add(name));
      const by = { COSMIAN_KMS_ENDPOINT: `127.0.0.1:${relay.port}` };
      await using custodian = await opened(keys[0] ?? "", by);
      await custodian.start();
      assert.deepEqual([...spoken], [version]);
    });
  }

  it("refuses a server that knows no version with associated data", async () => {
    await using relay = await openRelay({ port: server.port, pki });
    relay.treatment = onlyVersions(["1.2", "1.3"]);
    const by = { COSMIAN_KMS_ENDPOINT: `127.0.0.1:${relay.port}` };
    await using custodian = await opened(keys[0] ?? "", by);
    await assert.rejects(custodian.start(), { code: "keys.denied", message: /from 1\.4 to 2\.1/ });
  });

  it("is unavailable to whom it does not know, and where it is not", async () => {
    await using other = await makeScratch("kmip-other");
    const stranger = await makeTestPki(other.folder);
    const once = { KMS_RETRY_ENABLED: "false" };
    const wrong = { ...once, COSMIAN_KMS_CLIENT_CERT: stranger.client.cert };
    await using unknown = await opened("1", {
      ...wrong,
      COSMIAN_KMS_CLIENT_KEY: stranger.client.key,
    });
    await assert.rejects(unknown.start(), is("keys.unavailable"));
    await using doubting = await opened("1", { ...once, COSMIAN_KMS_CA_CERT: stranger.ca });
    await assert.rejects(doubting.start(), is("keys.unavailable"));
    const nowhere = { ...once, COSMIAN_KMS_ENDPOINT: `127.0.0.1:${await freePort()}` };
    await using away = await opened("1", nowhere);
    await assert.rejects(away.start(), is("keys.unavailable"));
  });

  it("is unavailable while it is stopped, within its time, and then comes back", async () => {
    const quick = { COSMIAN_KMS_TIMEOUT: "300ms", KMS_RETRY_MAX_ELAPSED_TIME: "1s" };
    await using custodian = await opened(keys[0] ?? "", {
      ...quick,
      KMS_CIRCUIT_BREAKER_ENABLED: "false",
    });
    await using patient = await opened(keys[0] ?? "");
    const use = { key: custodian.activeKey, binding };
    const wrapped = await patient.wrap(payload, use);
    const goOn = await pauseAll(server.pids);
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.unavailable"));
    goOn();
    assert.deepEqual(Buffer.from(await patient.unwrap(wrapped, use)), payload);
  });

  it("is not believed where it answers garbage", async () => {
    const { cert, key } = pki.server;
    const [certificate, itsKey] = await Promise.all([readFile(cert), readFile(key)]);
    await using garbage = createServer({ cert: certificate, key: itsKey }, (socket) => {
      socket.on("error", () => undefined).once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    });
    const port = await freePort();
    garbage.listen(port, "127.0.0.1");
    const there = { COSMIAN_KMS_ENDPOINT: `127.0.0.1:${port}`, KMS_RETRY_ENABLED: "false" };
    await using custodian = await opened("1", there);
    await assert.rejects(custodian.start(), is("keys.unavailable"));
  });
});
