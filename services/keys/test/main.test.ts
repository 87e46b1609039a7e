import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Answerer, AskOptions } from "@s3eg/shared/bus/bus.ts";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import type { Question } from "@s3eg/shared/contracts/contract.ts";
import {
  checkKeyStore,
  issueDataKey,
  reissueHeader,
  unwrapDataKey,
  unwrapDataKeys,
} from "@s3eg/shared/contracts/keys.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog, type Log } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { KEM } from "@s3eg/shared/sealing/hpke.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import { AskerSession } from "@s3eg/shared/trust/asker.ts";
import { Custodians } from "../src/custody/custodians.ts";
import { LegacyPasswords } from "../src/legacy/legacy-passwords.ts";
import { startKeys } from "../src/main.ts";
import { CountingCustodian, kekOf } from "./counting-custodian.ts";
import { is, issuedHeader, place } from "./issued-header.ts";
import { NONE_RETIRED } from "./legacy/known-answers.ts";

const keysSecret = new Secret(Buffer.alloc(32, 0x4b));
const serviceSecret = new Secret(Buffer.alloc(32, 0x53));

/** A bus between two processes, on which whoever controls it keeps every question and answer. */
class WatchedBus extends MemoryBus {
  readonly questions: unknown[] = [];
  readonly answers: unknown[] = [];

  override isLocal(): boolean {
    return false;
  }

  override async request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output> {
    this.questions.push(input);
    const answer = await super.request(question, input, options);
    this.answers.push(answer);
    return answer;
  }

  override serve<Input, Output>(
    question: Question<Input, Output>,
    answerer: Answerer<Input, Output>,
  ): void {
    super.serve(question, (input, asked) => answerer(input, { ...asked, isLocal: false }));
  }
}

describe("keys", () => {
  const lines: string[] = [];
  const log: Log = createLog({
    service: "keys",
    level: "debug",
    destination: { write: (line) => lines.push(line) },
  });
  const metrics = createMetrics();
  const custodian = new CountingCustodian();
  const health = new Health({ version: "0", log, now: () => Number(process.hrtime.bigint()) });
  const local = new MemoryBus({ log });
  const remote = new WatchedBus({ log });
  const guards = {
    dataKeys: new AnswerGuard({ secret: keysSecret }),
    headers: new AnswerGuard({ secret: serviceSecret }),
  };
  const crypto = new AskerSession({ secret: keysSecret, kem: KEM.x25519 });
  const edge = new AskerSession({ secret: serviceSecret, kem: KEM.p256 });
  const issue = {
    question: issueDataKey,
    input: { place, suite: 1, flags: 0 },
    requestId: "r",
  } as const;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "keys-"));
    const legacy = {
      custodians: new Custodians(custodian, { readers: [], log }),
      passwords: new LegacyPasswords(new Map()),
      memory: undefined,
      acceptsForgeable: false,
      isRetired: NONE_RETIRED,
    };
    const parts = { custodian, legacy, folder, guards, log, metrics };
    await startKeys({ ...parts, bus: local, health });
    await startKeys({ ...parts, bus: remote, health: new Health({ version: "0", log }) });
  });
  after(() => rm(folder, { recursive: true }));

  it("issues and unwraps within one process", async () => {
    await askGuarded(local, undefined, issue);
    const { header, dataKey } = await issuedHeader(custodian);
    const unwrap = { question: unwrapDataKey, input: { place, header }, requestId: "r" };
    assert.deepEqual(await askGuarded(local, undefined, unwrap), { dataKey });
  });

  it("issues and unwraps across processes without a data key on the bus", async () => {
    const issued = await askGuarded(remote, crypto, issue);
    const { header, dataKey } = await issuedHeader(custodian);
    const unwrap = { question: unwrapDataKey, input: { place, header }, requestId: "r" };
    assert.deepEqual(await askGuarded(remote, crypto, unwrap), { dataKey });
    const crossed = JSON.stringify([remote.questions, remote.answers]);
    for (const key of [Buffer.from(issued.dataKey), dataKey]) {
      assert.ok(!crossed.includes(key.toString("base64")));
      assert.ok(!crossed.includes(JSON.stringify([...key]).slice(1, -1)));
    }
  });

  it("re-issues headers for edge, and gives edge no data key", async () => {
    const { header } = await issuedHeader(custodian);
    const input = { header, from: place, to: { bucket: "b", key: "k" } };
    const reissue = { question: reissueHeader, input, requestId: "r" };
    assert.notEqual((await askGuarded(remote, edge, reissue)).header, header);
    await assert.rejects(askGuarded(remote, edge, issue), is("keys.refused"));
    const unwrap = { question: unwrapDataKey, input: { place, header }, requestId: "r" };
    await assert.rejects(askGuarded(remote, edge, unwrap), is("keys.refused"));
    const many = { objects: [{ place, header }] };
    await assert.rejects(
      askGuarded(remote, edge, { question: unwrapDataKeys, input: many, requestId: "r" }),
      is("keys.refused"),
    );
    await assert.rejects(askGuarded(remote, crypto, reissue), is("keys.refused"));
  });

  it("tells edge, sealed, whether its key store can be used; whoever has no proof learns nothing", async () => {
    const check = { question: checkKeyStore, input: {}, requestId: "r" };
    assert.deepEqual(await askGuarded(remote, edge, check), {});
    await assert.rejects(askGuarded(remote, crypto, check), is("keys.refused"));
    await assert.rejects(remote.request(checkKeyStore, {}, { requestId: "r" }), is("keys.refused"));
  });

  it("answers no question twice", async () => {
    const { input } = crypto.prove(issueDataKey, issue.input, "r");
    await remote.request(issueDataKey, input, { requestId: "r" });
    const replayed = remote.request(issueDataKey, input, { requestId: "r" });
    await assert.rejects(replayed, is("keys.refused"));
  });

  it("counts what it answers and what it refuses, the custodian's failures too", async () => {
    custodian.failure = new Error("away");
    await assert.rejects(askGuarded(local, undefined, issue), is("keys.unavailable"));
    custodian.failure = undefined;
    const text = await metrics.text();
    for (const [operation, result] of [
      ["issue", "ok"],
      ["issue", "keys.refused"],
      ["issue", "keys.unavailable"],
      ["unwrap", "ok"],
      ["unwrap", "keys.refused"],
      ["unwrap-many", "keys.refused"],
    ]) {
      const line = `gateway_keys_operations_total{operation="${operation}",result="${result}"}`;
      assert.ok(text.includes(line), line);
    }
  });

  it("is not ready while its custodian is away", async () => {
    health.markReady();
    const ready = async () => (await health.answer("/ready"))?.body.checks;
    assert.deepEqual(await ready(), { kms: "ok" });
    assert.match(await metrics.text(), /gateway_kms_healthy\{provider="aes"\} 1/);
    custodian.failure = new Error("away");
    assert.deepEqual(await ready(), { kms: "unavailable" });
    assert.match(await metrics.text(), /gateway_kms_healthy\{provider="aes"\} 0/);
    custodian.failure = undefined;
  });

  it("logs the check value of every version, and no key", () => {
    const text = lines.join("");
    for (const key of custodian.readableKeys) {
      assert.ok(text.includes(`"checkValue":"${custodian.checkValue(key)}"`));
      const kek = kekOf(key.keyVersion).reveal();
      assert.ok(!text.includes(kek.toString("base64")) && !text.includes(kek.toString("hex")));
    }
  });
});
