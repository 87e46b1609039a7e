/**
 * The fail-closed table of uploads in parts: what is done to the store of their state, what the client gets, what lies on the backend.
 * On a real Redis and versitygw. The table is printed at the end.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type NamedPart, RawUpload, shown, textOf } from "../clients/raw-upload.ts";
import { type RawAnswer, sendRaw } from "../features/raw-request.ts";
import { type OneProcessGateway, startDistributed, startGateway } from "../gateway.ts";
import { type GatewayOptions, valkeyEnv } from "../gateway-settings.ts";
import { freePort, makeScratch } from "../servers/place.ts";
import { pauseAll } from "../servers/proc.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { redisCall, redisKeys } from "../servers/redis-cli.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { type TappedBackend, tapBackend } from "../servers/tapped-backend.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "closed";
const BIG = randomBytes(5 * 1024 * 1024 + 77);
const OTHER = randomBytes(BIG.length);
const SMALL = randomBytes(70_000);

interface Row {
  readonly row: string;
  readonly done: string;
  readonly answer: string;
  readonly backend: string;
}
const table: Row[] = [];

/** What a gateway keeps over a restart. */
function lasting(folder: string): Record<string, string> {
  return {
    SELF_CONTAINED_AES_KEYS: `1=base64:${randomBytes(32).toString("base64")}`,
    KEYS_SECRET: randomBytes(32).toString("base64"),
    DATA_DIR: folder,
  };
}

/** Waits for the store no longer than the steps here stop it. */
function stateEnv(redis: RedisServer): Record<string, string> {
  return {
    ...valkeyEnv(redis),
    VALKEY_READ_TIMEOUT: "300ms",
    VALKEY_WRITE_TIMEOUT: "300ms",
  };
}

/** Whether a start is refused, and with which exit code. */
async function refusedStart(options: GatewayOptions): Promise<string> {
  try {
    await using gateway = await startGateway(options);
    return `started ${gateway.endpoint}`;
  } catch (error) {
    return String(error);
  }
}

describe("uploads in parts fail closed", () => {
  const servers = new AsyncDisposableStack();
  let plainBackend: S3Server;
  let backend: TappedBackend;
  let redis: RedisServer;
  let redisPort: number;
  let kept: Record<string, string>;
  let metricsAddr: string;
  let gateway: OneProcessGateway;

  before(async () => {
    const scratch = servers.use(await makeScratch("fail-closed"));
    plainBackend = servers.use(await startVersitygw());
    backend = servers.use(await tapBackend(plainBackend));
    redisPort = await freePort();
    redis = await startRedis({ port: redisPort });
    servers.defer(() => redis[Symbol.asyncDispose]());
    kept = lasting(scratch.folder);
    metricsAddr = `127.0.0.1:${await freePort()}`;
    const env = { ...kept, ...stateEnv(redis), METRICS_ADDR: metricsAddr };
    gateway = await startGateway({ backend, env });
    servers.defer(() => gateway[Symbol.asyncDispose]());
    await sendRaw(gateway, { method: "PUT", path: `/${BUCKET}` });
  });
  after(async () => {
    await servers.disposeAsync();
    const width = (name: keyof Row) => Math.max(...table.map((each) => each[name].length));
    const lines = table.map((each) =>
      (["row", "done", "answer", "backend"] as const)
        .map((name) => each[name].padEnd(width(name)))
        .join(" | "),
    );
    process.stdout.write(`\n${lines.join("\n")}\n`);
  });

  const begin = (key: string): Promise<RawUpload> => RawUpload.begin(gateway, `/${BUCKET}/${key}`);
  const get = (key: string): Promise<RawAnswer> =>
    sendRaw(gateway, { method: "GET", path: `/${BUCKET}/${key}` });

  /** What lies under a key on the backend: bytes of the object, and uploads under way. */
  async function onBackend(key: string): Promise<string> {
    const head = await sendRaw(plainBackend, { method: "HEAD", path: `/${BUCKET}/${key}` });
    const bytes = head.status === 200 ? `${head.headers["content-length"]} bytes` : "no object";
    return `${bytes}, ${await uploadsOf(key)} uploads`;
  }

  async function uploadsOf(key: string): Promise<number> {
    const path = `/${BUCKET}?prefix=${key}&uploads=`;
    const answer = await sendRaw(plainBackend, { method: "GET", path });
    return answer.body.toString().match(/<UploadId>/g)?.length ?? 0;
  }

  async function note(row: string, done: string, seen: { key: string; answer: string }) {
    table.push({ row, done, answer: seen.answer, backend: await onBackend(seen.key) });
  }

  async function untilWorking(): Promise<void> {
    for (;;) {
      const upload = await begin("probe").catch(() => undefined);
      if (upload && (await upload.abort()).status === 204) return;
      await sleep(50);
    }
  }

  async function restart(options: Partial<GatewayOptions> = {}): Promise<void> {
    await gateway[Symbol.asyncDispose]();
    gateway = await startGateway({ backend, env: { ...kept, ...stateEnv(redis) }, ...options });
  }

  async function checkHolds(key: string, bytes: Buffer): Promise<void> {
    const got = await get(key);
    equal(got.status, 200, got.code);
    ok(got.body.equals(bytes), `${key} holds other bytes`);
  }

  /** Every step of an upload answers 503, and the object is not there. */
  async function checkRefuses(
    row: string,
    done: string,
    { upload, named }: { upload: RawUpload; named: readonly NamedPart[] },
  ): Promise<void> {
    const path = `/${BUCKET}/another?uploads=`;
    const answers = [
      await sendRaw(gateway, { method: "POST", path }),
      await upload.send(2, BIG),
      await upload.listParts(),
      await upload.complete(named),
      await upload.abort(),
    ].map(shown);
    deepEqual(new Set(answers), new Set(["503 ServiceUnavailable"]));
    await note(`${row}, every step`, done, { key: row, answer: answers[0] ?? "" });
    equal((await get(row)).status, 404);
  }

  it("no store is configured: the gateway does not start", async () => {
    const env = { ...kept, MULTIPART_STATE_EMBEDDED: "off" };
    const refused = await refusedStart({ backend, env });
    match(refused, /78/);
    table.push({ row: "no store", done: "not configured", answer: "exit 78", backend: "-" });
  });

  it("a store in plaintext is refused, or allowed and counted", async () => {
    const env = { ...kept, ...stateEnv(redis), VALKEY_INSECURE_ALLOW_PLAINTEXT: "false" };
    match(await refusedStart({ backend, env }), /78/);
    const metrics = await (await fetch(`http://${metricsAddr}/metrics`)).text();
    match(metrics, /^gateway_mpu_valkey_insecure 1$/m);
    table.push({ row: "plaintext", done: "TLS off", answer: "exit 78", backend: "-" });
    const done = "TLS off, insecure_allow_plaintext";
    const answer = "gateway_mpu_valkey_insecure 1";
    table.push({ row: "plaintext, allowed", done, answer, backend: "-" });
  });

  it("the store is paused in the middle of an upload", async () => {
    const upload = await begin("paused");
    const named = [await upload.part(1, BIG)];
    const goOn = await pauseAll(redis.pids);
    await checkRefuses("paused", "SIGSTOP", { upload, named });
    goOn();
    await untilWorking();
    named.push(await upload.part(2, OTHER));
    const answer = await upload.complete(named);
    await note("paused, retried", "SIGCONT", { key: "paused", answer: shown(answer) });
    await checkHolds("paused", Buffer.concat([BIG, OTHER]));
  });

  it("the store is killed in the middle of an upload", async () => {
    const upload = await begin("killed");
    const named = [await upload.part(1, BIG)];
    for (const pid of redis.pids) process.kill(pid, "SIGKILL");
    await checkRefuses("killed", "SIGKILL", { upload, named });
    await redis[Symbol.asyncDispose]();
    redis = await startRedis({ port: redisPort });
    await untilWorking();
    const answer = await upload.complete(named);
    await note("killed, retried", "replaced, empty", { key: "killed", answer: shown(answer) });
    equal(shown(answer), "404 NoSuchUpload");
  });

  it("a part is on the backend, but the state of it could not be written", async () => {
    const upload = await begin("unwritten");
    let goOn = () => {};
    const failed = await upload.sendHalting(1, BIG, async () => {
      goOn = await pauseAll(redis.pids);
    });
    await note("part stored, state not", "SIGSTOP during UploadPart", {
      key: "unwritten",
      answer: failed ? shown(failed) : "broken",
    });
    deepEqual(failed, { status: 503, code: "ServiceUnavailable" });
    goOn();
    await untilWorking();
    const retried = await upload.part(1, OTHER);
    const answer = await upload.complete([retried]);
    await note("part stored, retried", "SIGCONT", { key: "unwritten", answer: shown(answer) });
    await checkHolds("unwritten", OTHER);
  });

  it("the store is emptied", async () => {
    const upload = await begin("emptied");
    const named = [await upload.part(1, BIG), await upload.part(2, SMALL)];
    await redisCall(redis, "flushall");
    const part = await upload.send(3, BIG);
    const answer = await upload.complete(named);
    deepEqual([shown(part), shown(answer)], ["404 NoSuchUpload", "404 NoSuchUpload"]);
    await note("emptied", "FLUSHALL", { key: "emptied", answer: shown(answer) });
    equal((await get("emptied")).status, 404);
    equal(await uploadsOf("emptied"), 1);
    const listed = await gateway.runCommand(["orphans", "--older-than", "0", BUCKET]);
    match(listed, /^upload +"closed\/emptied"/m);
    await gateway.runCommand(["orphans", "--remove", "--older-than", "0", BUCKET]);
    await note("emptied, then cleaned", "s3eg orphans --remove", { key: "emptied", answer: "-" });
    equal(await uploadsOf("emptied"), 0);
  });

  it("the store is emptied while a part is on its way", async () => {
    const upload = await begin("emptied-midway");
    const answer = await upload.sendHalting(1, BIG, () => redisCall(redis, "flushall"));
    deepEqual(answer, { status: 404, code: "NoSuchUpload" });
    await note("emptied in UploadPart", "FLUSHALL", {
      key: "emptied-midway",
      answer: "404 NoSuchUpload",
    });
    equal(await uploadsOf("emptied-midway"), 0);
  });

  it("the store is replaced by what it was before a part came again", async () => {
    const upload = await begin("rolled-back");
    await upload.part(1, BIG);
    const keys = (kind: string) => `s3eg:{${upload.uploadId}}:${kind}`;
    await redisCall(redis, "copy", keys("attempts"), "old");
    const again = await upload.part(1, OTHER);
    await redisCall(redis, "rename", "old", keys("attempts"));
    const answer = await upload.complete([again]);
    equal(shown(answer), "400 InvalidPart");
    await note("rolled back", "COPY, RENAME", { key: "rolled-back", answer: shown(answer) });
    equal((await get("rolled-back")).status, 404);
    await upload.abort();
  });

  it("the state of an upload is replaced by that of another", async () => {
    const [one, two] = [await begin("swapped"), await begin("swapped")];
    const named = [await one.part(1, BIG)];
    await two.part(1, OTHER);
    for (const kind of ["upload", "attempts"]) {
      const [from, to] = [two, one].map(({ uploadId }) => `s3eg:{${uploadId}}:${kind}`);
      await redisCall(redis, "copy", from ?? "", to ?? "", "REPLACE");
    }
    const answer = await one.complete(named);
    equal(shown(answer), "500 InternalError");
    await note("swapped", "COPY … REPLACE", { key: "swapped", answer: shown(answer) });
    deepEqual([(await one.abort()).status, (await two.abort()).status], [204, 204]);
  });

  it("a Complete whose state could not be written gives the same answer when it comes again", async () => {
    const upload = await begin("lost-state");
    const named = [await upload.part(1, BIG), await upload.part(2, SMALL)];
    // The script that ends an upload is the only one that sets a string.
    await redisCall(redis, "acl", "setuser", "default", "-set");
    const lost = await upload.complete(named);
    equal(lost.status, 503);
    await note("Complete, state not written", "ACL -set", {
      key: "lost-state",
      answer: shown(lost),
    });
    await redisCall(redis, "acl", "setuser", "default", "+set");
    const [first, second] = [await upload.complete(named), await upload.complete(named)];
    equal(first.status, 200, first.body.toString());
    deepEqual(second.body, first.body);
    await note("Complete, retried", "ACL +set", { key: "lost-state", answer: shown(first) });
    const seen = await sendRaw(gateway, { method: "HEAD", path: `/${BUCKET}/lost-state` });
    equal(textOf(first, "ETag"), seen.headers.etag);
    await checkHolds("lost-state", Buffer.concat([BIG, SMALL]));
  });

  it("a Complete whose worker was killed before it wrote the state gives the same answer when it comes again", async () => {
    const upload = await begin("lost-worker");
    const named = [await upload.part(1, BIG)];
    backend.onAnswer = async ({ method, path }) => {
      if (method !== "POST" || !path.includes("lost-worker")) return;
      process.kill(gateway.pids[0] ?? 0, "SIGKILL");
      await sleep(200);
    };
    const lost = await upload.complete(named).then(shown, () => "connection broken");
    equal(lost, "connection broken");
    backend.onAnswer = async () => undefined;
    await note("Complete, worker killed", "SIGKILL of the gateway", {
      key: "lost-worker",
      answer: lost,
    });
    await restart();
    const answer = await upload.at(gateway).complete(named);
    equal(answer.status, 200, answer.body.toString());
    await note("Complete, retried", "restarted", { key: "lost-worker", answer: shown(answer) });
    await checkHolds("lost-worker", BIG);
    deepEqual((await upload.at(gateway).complete(named)).body, answer.body);
  });

  it("two Completes at once: one wins, the other gets its answer or S3's refusal", async () => {
    for (let round = 0; round < 5; round += 1) {
      const key = `twice-${round}`;
      const upload = await begin(key);
      const parts = [await upload.part(1, BIG), await upload.part(2, OTHER)];
      const lists = round % 2 === 0 ? [parts, parts] : [parts, parts.slice(0, 1)];
      const answers = await Promise.all(lists.map((list) => upload.complete(list)));
      const won = answers.filter(({ status }) => status === 200);
      ok(won.length >= 1, answers.map(shown).join());
      for (const { status } of answers) ok(status === 200 || (status >= 400 && status < 500));
      const got = await get(key);
      const wholes = lists.map((list) => Buffer.concat([BIG, OTHER].slice(0, list.length)));
      ok(
        wholes.some((whole) => got.body.equals(whole)),
        "neither of the two",
      );
      const answer = answers.map(shown).join(", ");
      await note(round % 2 === 0 ? "two Completes" : "two lists", "at once", { key, answer });
    }
  });

  it("an Abort during an UploadPart leaves nothing behind", async () => {
    for (const [key, body] of [
      ["aborted-big", BIG],
      ["aborted-small", SMALL],
    ] as const) {
      const upload = await begin(key);
      await upload.part(1, SMALL);
      const answer = await upload.sendHalting(2, body, async () => {
        equal((await upload.abort()).status, 204);
      });
      // A part that breaks before the Abort has ended is told to come again, and then that there is no such upload.
      const isEarly = answer?.status === 503;
      if (answer && !isEarly) deepEqual(answer, { status: 404, code: "NoSuchUpload" });
      if (isEarly) deepEqual(shown(await upload.send(2, body)), "404 NoSuchUpload");
      await note("Abort in UploadPart", key, { key, answer: answer ? shown(answer) : "broken" });
      equal(await uploadsOf(key), 0);
      const left = (await redisKeys(redis)).filter((name) => name.includes(upload.uploadId));
      deepEqual(left, []);
    }
  });

  it("the rules change in the middle of an upload: those of its Create hold", async () => {
    const upload = await begin("flipped");
    const named = [await upload.part(1, BIG)];
    const policy = {
      id: "unsealed",
      buckets: [BUCKET],
      contents: "mixed",
      encrypt_multipart_uploads: false,
    };
    await restart({ policies: [policy] });
    named.push(await upload.at(gateway).part(2, OTHER));
    const answer = await upload.at(gateway).complete(named);
    equal(answer.status, 200, answer.body.toString());
    await note("policy flipped", "encrypt_multipart_uploads: false", {
      key: "flipped",
      answer: "200",
    });
    const path = `/${BUCKET}/flipped`;
    const stored = (await sendRaw(plainBackend, { method: "GET", path })).body;
    for (const plain of [BIG, OTHER]) {
      ok(!stored.includes(plain.subarray(0, 32)) && !stored.includes(plain.subarray(-32)));
    }
    await checkHolds("flipped", Buffer.concat([BIG, OTHER]));
    await restart();
  });

  it("keys are missing: 503 that says so, and the upload goes on when they are back", async () => {
    await using distributed = await startDistributed({ backend }, { cryptos: 1 });
    const upload = await RawUpload.begin(distributed, `/${BUCKET}/keyless`);
    const named = [await upload.part(1, BIG)];
    const goOn = await pauseAll(distributed.roles.keys);
    try {
      for (const answer of [await upload.send(2, SMALL), await upload.complete(named)]) {
        equal(answer.status, 503, answer.body.toString());
        match(textOf(answer, "Message"), /key/i);
        await note("keys missing", "SIGSTOP of keys", { key: "keyless", answer: shown(answer) });
      }
    } finally {
      goOn();
    }
    let answer = await upload.complete(named);
    for (let tries = 0; answer.status === 503 && tries < 100; tries += 1) {
      await sleep(100);
      answer = await upload.complete(named);
    }
    equal(answer.status, 200);
    await note("keys back", "SIGCONT", { key: "keyless", answer: shown(answer) });
  });
});
