/**
 * A thousand uploads that end badly, at random: aborted, aborted in the middle of a part, cut off by the client, forgotten, or killed
 * with the gateway. In the end nothing is left: no upload on the backend, no state, no object.
 */
import { deepEqual, equal } from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RawUpload } from "../clients/raw-upload.ts";
import { sendRaw } from "../features/raw-request.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { makeScratch } from "../servers/place.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { redisCall, redisKeys } from "../servers/redis-cli.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "abandoned";
const UPLOADS = Number(process.env.E2E_ABANDONED ?? 1000);
const AT_ONCE = 12;
/** Uploads between two kills of the gateway. */
const KILL_EVERY = Math.ceil(UPLOADS / 5);
const BIG = randomBytes(5 * 1024 * 1024 + 1);
/** Life of a forgotten upload; its state outlives it by an eighth. */
const TTL_SECONDS = 120;

const KILLED = "killed with the gateway";
const ENDS = ["abort", "abort in a part", "cut off", "forget", "complete nothing"] as const;

describe(`${UPLOADS} uploads that are aborted or killed at random`, () => {
  const servers = new AsyncDisposableStack();
  let backend: S3Server;
  let redis: RedisServer;
  let env: Record<string, string>;
  let gateway: OneProcessGateway;
  const counts = new Map<string, number>();

  before(async () => {
    const scratch = servers.use(await makeScratch("abandoned"));
    backend = servers.use(await startVersitygw());
    redis = servers.use(await startRedis());
    env = {
      SELF_CONTAINED_AES_KEYS: `1=base64:${randomBytes(32).toString("base64")}`,
      KEYS_SECRET: randomBytes(32).toString("base64"),
      DATA_DIR: scratch.folder,
      VALKEY_ADDR: redis.address,
      VALKEY_PASSWORD_ENV: "E2E_REDIS_PASSWORD",
      E2E_REDIS_PASSWORD: redis.password,
      VALKEY_TLS_ENABLED: "false",
      VALKEY_INSECURE_ALLOW_PLAINTEXT: "true",
      VALKEY_TTL_SECONDS: String(TTL_SECONDS),
      MULTIPART_STATE_CLEANUP_INTERVAL: "1s",
    };
    gateway = await startGateway({ backend, env });
    servers.defer(() => gateway[Symbol.asyncDispose]());
    await sendRaw(gateway, { method: "PUT", path: `/${BUCKET}` });
  });
  after(() => servers.disposeAsync());

  async function uploadsOnBackend(): Promise<number> {
    const path = `/${BUCKET}?max-uploads=1000&uploads=`;
    const answer = await sendRaw(backend, { method: "GET", path });
    equal(answer.status, 200);
    return answer.body.toString().match(/<UploadId>/g)?.length ?? 0;
  }

  /** Begins an upload, sends some parts, and ends it badly; whatever fails because the gateway was killed is meant to. */
  async function abandon(index: number): Promise<void> {
    const end = ENDS[randomInt(ENDS.length)] ?? "forget";
    try {
      const upload = await RawUpload.begin(gateway, `/${BUCKET}/${randomInt(50)}/${index}`);
      const parts = randomInt(12);
      for (let part = 1; part <= parts; part += 1) {
        const isBig = randomInt(40) === 0;
        const answer = await upload.send(part, isBig ? BIG : randomBytes(randomInt(9000)));
        if (answer.status !== 200) break;
      }
      await endBadly(upload, end);
      counts.set(end, (counts.get(end) ?? 0) + 1);
    } catch {
      counts.set(KILLED, (counts.get(KILLED) ?? 0) + 1);
    }
  }

  async function endBadly(upload: RawUpload, end: (typeof ENDS)[number]): Promise<void> {
    if (end === "abort") equal((await upload.abort()).status, 204);
    if (end === "abort in a part") {
      const body = randomInt(10) === 0 ? BIG : randomBytes(200_000);
      await upload.sendHalting(20, body, () => upload.abort());
    }
    if (end === "complete nothing") {
      await upload.complete([{ partNumber: 99, etag: '"00000000000000000000000000000000"' }]);
    }
    if (end === "cut off") {
      await upload.sendHalting(21, BIG, () => Promise.reject(new Error("cut"))).catch(() => 0);
    }
  }

  it("leave nothing behind", async () => {
    const indices = Array.from({ length: UPLOADS }, (_, index) => index).values();
    let restarting: Promise<void> = Promise.resolve();
    const worker = async (): Promise<void> => {
      for (const index of indices) {
        await restarting;
        if (index > 0 && index % KILL_EVERY === 0) restarting = restart();
        await abandon(index);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await restarting;
    const left = { uploads: await uploadsOnBackend(), keys: (await redisKeys(redis)).length };
    const ends = [...counts].map(([end, count]) => `${end}: ${count}`).join(", ");
    process.stdout.write(`${ends}\nbefore they age out: ${JSON.stringify(left)}\n`);
    for (let second = 0; second < 2 * TTL_SECONDS; second += 1) {
      if ((await keysOfUploads()).length === 0) break;
      await sleep(1000);
    }
    // What died between the backend's Create and the first write of the state is known to the backend alone.
    const orphans = await gateway.runCommand(["orphans", "--remove", "--older-than", "0", BUCKET]);
    const removed = Number(/^(\d+) removed$/m.exec(orphans)?.[1]);
    process.stdout.write(`aged out; known to the backend alone: ${removed}\n`);
    equal(await uploadsOnBackend(), 0);
    deepEqual(await keysOfUploads(), []);
    const total = await redisCall(redis, "get", "s3eg:{*}:parked-total");
    equal(total, "0");
    const listed = await sendRaw(backend, { method: "GET", path: `/${BUCKET}?list-type=2` });
    equal(listed.body.toString().includes("<Contents>"), false);
  });

  async function keysOfUploads(): Promise<string[]> {
    return (await redisKeys(redis)).filter((name) => name !== "s3eg:{*}:parked-total");
  }

  async function restart(): Promise<void> {
    await sleep(randomInt(400));
    process.kill(gateway.pids[0] ?? 0, "SIGKILL");
    await gateway[Symbol.asyncDispose]();
    gateway = await startGateway({ backend, env });
  }
});
