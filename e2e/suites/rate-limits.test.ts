/** Two gateways that share a Redis count the requests of a client together; without it each counts by itself, and serves on. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sendRaw } from "../features/raw-request.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { valkeyEnv } from "../gateway-settings.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { redisCall, redisKeys } from "../servers/redis-cli.ts";
import { startSink } from "../servers/sink.ts";

const LIMIT = 20;

describe("the rate of requests at two gateways", () => {
  const servers = new AsyncDisposableStack();
  let redis: RedisServer;
  let gateways: Gateway[];

  before(async () => {
    const backend = servers.use(await startSink());
    redis = servers.use(await startRedis());
    const env = {
      ...valkeyEnv(redis),
      KEYS_SECRET: randomBytes(32).toString("base64"),
      RATE_LIMIT_ENABLED: "true",
      RATE_LIMIT_REQUESTS: String(LIMIT),
      RATE_LIMIT_WINDOW: "1h",
      RATE_LIMIT_BY: "credential",
    };
    gateways = await Promise.all([startGateway({ backend, env }), startGateway({ backend, env })]);
    for (const gateway of gateways) servers.use(gateway);
  });
  after(() => servers.disposeAsync());

  /** The codes of so many requests, by turns at the one and the other. */
  async function codes(requests: number): Promise<string[]> {
    const all: string[] = [];
    for (let n = 0; n < requests; n++) {
      const gateway = gateways[n % 2];
      ok(gateway);
      const answer = await sendRaw(gateway, { method: "GET", path: `/bucket/none-${n}` });
      all.push(answer.code === "SlowDown" ? "SlowDown" : "");
      if (answer.code === "SlowDown") match(answer.headers["retry-after"] ?? "", /^\d+$/);
    }
    return all;
  }

  it("is one for both, in buckets that name nobody and come to an end", async () => {
    // Until Valkey is connected they count alone.
    await codes(2);
    await sleep(500);
    await redisCall(redis, "flushall");
    const told = await codes(LIMIT + 6);
    const expected = told.map((_, n) => (n < LIMIT ? "" : "SlowDown"));
    deepEqual(told, expected);
    const [bucket = "", ...others] = (await redisKeys(redis)).filter((key) => /rate/.test(key));
    deepEqual(others, []);
    match(bucket, /^s3eg:rate:[\w-]{43}$/);
    equal(bucket.includes(gateways[0]?.accessKey ?? ""), false);
    const lifeMs = Number(await redisCall(redis, "pttl", bucket));
    ok(lifeMs > 0 && lifeMs <= 3_600_000, `${lifeMs} ms`);
  });

  it("is that of each gateway while Redis is gone, and nobody waits for it", async () => {
    await redis[Symbol.asyncDispose]();
    await sleep(500);
    const told = await codes(4);
    deepEqual(told, ["", "", "", ""]);
    for (const gateway of gateways) {
      match(gateway.logTails(), /rate limits count in this process alone/);
    }
  });
});
