/** Keys in real PKCS#11 tokens (SoftHSM's, and NSS's for RSA): the rules of every custodian, tokens that go away, modules that hang. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { configuredPkcs11 } from "../../services/keys/src/custody/configured-pkcs11.ts";
import { load } from "../../services/keys/test/config/read-settings.ts";
import { KeptLog } from "../../shared/test/runtime/kept-log.ts";
import { getObject, putObject, randomContent } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import {
  binding,
  describeRealCustodian,
  is,
  keepsQuestionsApart,
  payload,
  realCustodian,
} from "../real-custodian-contract.ts";
import { startNssToken } from "../servers/nss-token.ts";
import { makeScratch } from "../servers/place.ts";
import { descendants, pauseAll } from "../servers/proc.ts";
import { type SoftHsm, startSoftHsm } from "../servers/softhsm.ts";
import { startVersitygw } from "../servers/versitygw.ts";

/** What the module and the PIN's source are is read of the environment; all else is a setting. */
function custodianOf(settings: Record<string, string>) {
  return realCustodian(configuredPkcs11, settings, settings);
}

describeRealCustodian("PKCS#11 on a real SoftHSM", async (opening) => async () => {
  const token = opening.use(await startSoftHsm());
  await token.makeKey("kek");
  return await custodianOf(token.settings("kek"));
});

describeRealCustodian("PKCS#11 with RSA on a real NSS", async (opening) => async () => {
  return await custodianOf(opening.use(await startNssToken("pair")).settings);
});

/** The processes of modules that a process has started. */
async function modulesOf(pid: number): Promise<number[]> {
  const found = await Promise.all(
    (await descendants(pid)).map(async (each) => {
      const command = await readFile(`/proc/${each}/cmdline`, "utf8").catch(() => "");
      return command.includes("module-process.ts") ? [each] : [];
    }),
  );
  return found.flat();
}

const isGone = (pid: number) =>
  readFile(`/proc/${pid}/cmdline`, "utf8").then(
    (command) => command === "",
    () => true,
  );

describe("PKCS#11 on a real SoftHSM", () => {
  const stack = new AsyncDisposableStack();
  let token: SoftHsm;
  before(async () => {
    token = stack.use(await startSoftHsm());
    for (const label of ["old", "new", "gone"]) await token.makeKey(label);
    await token.makeKey("named", ["--sensitive", "--id", "0a1b"]);
  });
  after(() => stack.disposeAsync());
  const opened = (keys: string, more: Record<string, string> = {}) =>
    custodianOf({ ...token.settings(keys), ...more });
  const once = { KMS_RETRY_ENABLED: "false" };

  it("opens what the key of before wrapped, after another was put before it, and by id", async () => {
    await using then = await opened("old:1");
    await then.start();
    const use = { key: then.activeKey, binding };
    const wrapped = await then.wrap(payload, use);
    assert.equal(wrapped.byteLength, 93);
    await using now = await opened("new:2,old:1,id=0A1B:3");
    await now.start();
    assert.equal(now.activeKey.keyId, "new");
    assert.deepEqual(Buffer.from(await now.unwrap(wrapped, use)), payload);
    const misnamed = { key: now.activeKey, binding };
    await assert.rejects(now.unwrap(wrapped, misnamed), is("crypto.integrity"));
    const byId = { key: { provider: "pkcs11", keyId: "id=0a1b", keyVersion: 3 } as const, binding };
    assert.deepEqual(Buffer.from(await now.unwrap(await now.wrap(payload, byId), byId)), payload);
    await using without = await opened("new:2");
    await assert.rejects(without.unwrap(wrapped, use), is("keys.unknown-key"));
  });

  it("is denied a key that is not there, destroyed, disabled or too small", async () => {
    await token.makeKey("disabled");
    await token.disableKey("disabled");
    await token.makeKey("small", ["--sensitive", "--key-type", "AES:16"]);
    for (const label of ["none", "disabled", "small"]) {
      await using custodian = await opened(label);
      await assert.rejects(custodian.start(), is("keys.denied"), label);
    }
    await using custodian = await opened("gone");
    await custodian.start();
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    await token.destroyKey("gone");
    await assert.rejects(custodian.wrap(payload, use), is("keys.denied"));
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.denied"));
  });

  it("says that it does not do RSA-OAEP with SHA-256", async () => {
    await token.makePair("pair");
    const rsa = { PKCS11_MECHANISM: "RSA-OAEP-SHA256" };
    const key = { PKCS11_ENVELOPE_AUTH_KEY: `base64:${Buffer.alloc(32, 1).toString("base64")}` };
    await using custodian = await opened("pair", { ...rsa, ...key });
    await assert.rejects(custodian.start(), {
      code: "keys.denied",
      message: /does not do RSA-OAEP with SHA-256/,
    });
  });

  it("warns of a key that can be taken out", async () => {
    await token.makeKey("loose", ["--extractable"]);
    const log = new KeptLog();
    const env = token.settings("loose");
    const config = load(env);
    await using custodian = await configuredPkcs11({ config, env, folder: "/nowhere", log });
    await custodian.start();
    assert.match(log.lines.join("\n"), /"loose" can be taken out/);
  });

  it("is denied with a wrong PIN, and lets in with the right one without a new start", async () => {
    await using scratch = await makeScratch("pin");
    const file = join(scratch.folder, "pin");
    await writeFile(file, "not-the-pin\n");
    await using custodian = await opened("new", { PKCS11_PIN_SOURCE: `file:${file}` });
    const refused = { code: "keys.denied", message: /refuses the PIN \(CKR_PIN_INCORRECT\)/ };
    for (let n = 0; n < 3; n += 1) await assert.rejects(custodian.start(), refused);
    await writeFile(file, `${token.settings("").E2E_TOKEN_PIN}\n`);
    await custodian.start();
  });

  it("is refused where there is no module, and unavailable where there is no such token", async () => {
    const none = { PKCS11_MODULE: "/usr/lib/none.so" };
    await assert.rejects(opened("new", none), is("config.invalid"));
    await using unloadable = await opened("new", { PKCS11_MODULE: import.meta.filename });
    await assert.rejects(unloadable.start(), is("config.invalid"));
    await using elsewhere = await opened("new", { PKCS11_TOKEN_LABEL: "other", ...once });
    await assert.rejects(elsewhere.start(), is("keys.unavailable"));
  });

  it("is unavailable while the token is out, and goes on when it is back", async () => {
    await using custodian = await opened("new");
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    const putBack = await token.takeAway();
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.unavailable"));
    await assert.rejects(custodian.check(), is("keys.unavailable"));
    await putBack();
    await using patient = await opened("new");
    for (const each of [custodian, patient]) await untilOpened(() => each.unwrap(wrapped, use));
  });

  it("ends a module that hangs within its time, and goes on with another", async () => {
    await using custodian = await opened("new", { PKCS11_TIMEOUT: "1s", ...once });
    const use = { key: custodian.activeKey, binding };
    await untilOpened(() => custodian.wrap(payload, use));
    const [hanging = 0, ...others] = await modulesOf(process.pid);
    assert.deepEqual(others, []);
    await pauseAll([hanging]);
    await assert.rejects(custodian.wrap(payload, use), is("keys.unavailable"));
    await untilOpened(() => custodian.wrap(payload, use));
    assert.ok(await isGone(hanging));
  });

  it("goes on after its module crashed", async () => {
    await using custodian = await opened("new");
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    for (const pid of await modulesOf(process.pid)) process.kill(pid, "SIGSEGV");
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
  });

  it("keeps many questions apart", async () => {
    await using custodian = await opened("new");
    await keepsQuestionsApart(custodian);
  });
});

/** Waits until it works. */
async function untilOpened(act: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    try {
      await act();
      return;
    } catch {
      await sleep(500);
    }
  }
  await act();
}

/** The gateways of these tests have a key in memory otherwise. */
const ALONE = { SELF_CONTAINED_AES_KEYS: "" };

describe("a gateway on a real SoftHSM", () => {
  const stack = new AsyncDisposableStack();
  let token: SoftHsm;
  before(async () => {
    token = stack.use(await startSoftHsm());
    for (const label of ["old", "new"]) await token.makeKey(label);
  });
  after(() => stack.disposeAsync());

  it("rotates by command from one key of the token to the other, and re-wraps", async () => {
    await using backend = await startVersitygw();
    await using gateway = await startGateway({
      backend,
      env: { ...token.settings("old:1,new:2"), ...ALONE },
    });
    const s3 = s3ClientOf(gateway);
    const at = { s3, bucket: "rotated" };
    const { body } = randomContent(100_000);
    await s3.send(new CreateBucketCommand({ Bucket: at.bucket }));
    await putObject(at, "one", { body });
    assert.match(await gateway.runCommand(["doctor"]), /key store +pkcs11 version 1 wraps, 2 can/);
    assert.match(await gateway.runCommand(["keys", "list"]), /active +pkcs11 +1 .*old\n/);
    await gateway.runCommand(["keys", "rotate", "2"]);
    assert.match(await gateway.runCommand(["rewrap", "--no-writers", at.bucket]), /\b1 rewrapped/);
    await gateway.runCommand(["keys", "retire", "1"]);
    assert.match(await gateway.runCommand(["keys", "check"]), /active +pkcs11 +2 .*new\n/);
    await token.destroyKey("old");
    await putObject(at, "two", { body });
    for (const key of ["one", "two"]) assert.ok((await getObject(at, key)).equals(body));
    s3.destroy();
  });

  it("does not start with a wrong PIN, and says neither it nor the right one", async () => {
    await using backend = await startVersitygw();
    const env = { ...token.settings("new"), E2E_TOKEN_PIN: "not-the-pin" };
    await assert.rejects(startGateway({ backend, env }), (error) => {
      const said = String(error);
      assert.match(said, /refuses the PIN/);
      assert.doesNotMatch(said, /not-the-pin|e2e-pin/);
      return true;
    });
  });

  it("takes its module with it, also when it is killed outright", async () => {
    await using backend = await startVersitygw();
    await using gateway = await startGateway({ backend, env: token.settings("new") });
    const [pid = 0] = gateway.pids;
    const [module = 0] = await modulesOf(pid);
    assert.ok(module > 0);
    process.kill(pid, "SIGKILL");
    for (let tries = 0; tries < 100 && !(await isGone(module)); tries += 1) await sleep(100);
    assert.ok(await isGone(module));
  });
});
