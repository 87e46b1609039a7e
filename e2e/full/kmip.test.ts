/** Keys in a real KMIP server (PyKMIP, binary over TLS): the rules of every custodian, a whole gateway on it, and a server that misbehaves. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:tls";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { configuredKmip } from "../../services/keys/src/custody/configured-kmip.ts";
import type { GuardedCustodian } from "../../services/keys/src/custody/remote/guarded-custodian.ts";
import { load } from "../../services/keys/test/config/read-settings.ts";
import { describeCustodian } from "../../services/keys/test/custody/custodian-contract.ts";
import { type FaultCode, isFault } from "../../shared/src/faults.ts";
import { KeptLog } from "../../shared/test/runtime/kept-log.ts";
import { copyObject, getObject, putInParts, putObject, randomContent } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { sendRaw } from "../features/raw-request.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { KmipOperator } from "../servers/kmip-keys.ts";
import { freePort, makeScratch, type Scratch } from "../servers/place.ts";
import { type Pykmip, startPykmip } from "../servers/pykmip.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const payload = Buffer.concat([Buffer.of(1), Buffer.alloc(64, 0x55)]);
const binding = Buffer.alloc(32, 0xaa);
const is = (code: FaultCode) => (error: unknown) => isFault(error, code);

function settingsOf(endpoint: string, keys: string, pki: TestPki): Record<string, string> {
  return {
    COSMIAN_KMS_ENDPOINT: endpoint,
    COSMIAN_KMS_KEYS: keys,
    COSMIAN_KMS_CA_CERT: pki.ca,
    COSMIAN_KMS_CLIENT_CERT: pki.client.cert,
    COSMIAN_KMS_CLIENT_KEY: pki.client.key,
  };
}

async function custodianOf(settings: Record<string, string>): Promise<GuardedCustodian> {
  const enabled = { KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER: "kmip" };
  const config = load({ ...enabled, ...settings });
  return await configuredKmip({ config, env: {}, folder: "/nowhere", log: new KeptLog() });
}

async function operatorOf({ port }: Pykmip, pki: TestPki): Promise<KmipOperator> {
  return new KmipOperator({ port, ...(await pki.clientOptions()) });
}

describeCustodian(
  "KMIP of a real PyKMIP",
  async () => {
    await using opening = new AsyncDisposableStack();
    const scratch = opening.use(await makeScratch("kmip-pki"));
    const pki = await makeTestPki(scratch.folder);
    // Identifiers are numbers in order, so two servers call their first keys the same.
    const open = async () => {
      const server = opening.use(await startPykmip(pki));
      const keyId = await (await operatorOf(server, pki)).makeKey();
      return opening.use(await custodianOf(settingsOf(server.endpoint, keyId, pki)));
    };
    const [custodian, impostor] = [await open(), await open()];
    const opened = opening.move();
    return { custodian, impostor, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  },
  { everyByte: 13 },
);

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
    custodianOf({ ...settingsOf(server.endpoint, named, pki), ...more });

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
    await using custodian = await opened(keys[0] ?? "");
    const use = { key: custodian.activeKey, binding };
    const payloads = Array.from({ length: 40 }, (_, n) => Buffer.alloc(65, n + 1));
    const wraps = await Promise.all(payloads.map((each) => custodian.wrap(each, use)));
    const openedAll = await Promise.all(wraps.map((each) => custodian.unwrap(each, use)));
    assert.deepEqual(
      openedAll.map((each) => Buffer.from(each)),
      payloads,
    );
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
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    for (const pid of server.pids) process.kill(pid, "SIGSTOP");
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.unavailable"));
    for (const pid of server.pids) process.kill(pid, "SIGCONT");
    await using patient = await opened(keys[0] ?? "");
    assert.deepEqual(Buffer.from(await patient.unwrap(wrapped, use)), payload);
  });

  it("is not believed where it answers garbage", async () => {
    const { cert, key } = pki.server;
    const [certificate, itsKey] = await Promise.all([readFile(cert), readFile(key)]);
    const garbage = createServer({ cert: certificate, key: itsKey }, (socket) => {
      socket.on("error", () => undefined).once("data", () => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    });
    const port = await freePort();
    garbage.listen(port, "127.0.0.1");
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await Promise.resolve(garbage.close())),
    };
    const there = { COSMIAN_KMS_ENDPOINT: `127.0.0.1:${port}`, KMS_RETRY_ENABLED: "false" };
    await using custodian = await opened("1", there);
    await assert.rejects(custodian.start(), is("keys.unavailable"));
  });
});

describe("a gateway whose keys are in a real PyKMIP", () => {
  const stack = new AsyncDisposableStack();
  const bucket = "kmip";
  const MIB = 1024 * 1024;
  let backend: S3Server;
  let pki: TestPki;
  let server: Pykmip;
  let operator: KmipOperator;
  let keys: string[];
  before(async () => {
    const scratch = stack.use(await makeScratch("kmip-pki"));
    pki = await makeTestPki(scratch.folder);
    server = stack.use(await startPykmip(pki));
    operator = await operatorOf(server, pki);
    keys = [await operator.makeKey(), await operator.makeKey()];
    backend = stack.use(await startVersitygw());
  });
  after(() => stack.disposeAsync());

  /** Runs `act` on a gateway with these keys. */
  async function onGateway(
    list: string,
    act: (on: { s3: S3Client; bucket: string }, gateway: Gateway) => Promise<void>,
  ): Promise<void> {
    const env = { KEY_MANAGER_PROVIDER: "cosmian", COSMIAN_KMS_TIMEOUT: "500ms" };
    await using gateway = await startGateway({
      backend,
      env: { ...settingsOf(server.endpoint, list, pki), ...env, KMS_RETRY_MAX_ELAPSED_TIME: "1s" },
    });
    const s3 = s3ClientOf(gateway);
    try {
      await act({ s3, bucket }, gateway);
    } finally {
      s3.destroy();
    }
  }

  it("puts, gets, cuts ranges, copies and uploads in parts, and reads it all after a rotation", async () => {
    const [old, fresh] = keys;
    const small = randomContent(300_000).body;
    const parts = [randomContent(5 * MIB).body, randomContent(100_000).body];
    const read = async (on: { s3: S3Client; bucket: string }) => {
      for (const key of ["one", "copy"]) assert.ok((await getObject(on, key)).equals(small));
      assert.ok((await getObject(on, "parts")).equals(Buffer.concat(parts)));
      const range = await getObject(on, "parts", `bytes=${5 * MIB - 10}-${5 * MIB + 9}`);
      assert.ok(range.equals(Buffer.concat(parts).subarray(5 * MIB - 10, 5 * MIB + 10)));
    };
    await onGateway(`${old}:1`, async (on) => {
      await on.s3.send(new CreateBucketCommand({ Bucket: bucket }));
      await putObject(on, "one", { body: small });
      await copyObject(on, "one", "copy");
      await putInParts(on, "parts", parts);
      await read(on);
    });
    await onGateway(`${fresh}:2,${old}:1`, async (on) => {
      await read(on);
      await copyObject(on, "one", "copied-after");
      assert.ok((await getObject(on, "copied-after")).equals(small));
    });
    await onGateway(`${fresh}:2`, async (on) => {
      assert.ok((await getObject(on, "copied-after")).equals(small));
      await assert.rejects(getObject(on, "one"));
    });
  });

  it("answers no object and stores none while the server is stopped, and goes on after that", async () => {
    const { body } = randomContent(10_000);
    await onGateway(`${keys[0]}:1`, async (on, gateway) => {
      await putObject(on, "before", { body });
      for (const pid of server.pids) process.kill(pid, "SIGSTOP");
      const asked = { method: "PUT", path: `/${bucket}/during`, body };
      assert.equal((await sendRaw(gateway, asked)).status, 503);
      for (const pid of server.pids) process.kill(pid, "SIGCONT");
      await untilAnswered(() => putObject(on, "after", { body }));
      for (const key of ["before", "after"]) assert.ok((await getObject(on, key)).equals(body));
      await assert.rejects(getObject(on, "during"));
    });
  });
});

/** The circuit breaker lets one through after a while. */
async function untilAnswered(act: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    try {
      return await act();
    } catch {
      await sleep(500);
    }
  }
  await act();
}
