/** Races for one object through two edges: the backend decides them on the mapped ETag, atomically, so that no write is lost. On MinIO, whose own are atomic. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { startMinio } from "../servers/minio.ts";
import type { S3Server } from "../servers/s3-server.ts";

const BUCKET = "conditions";
const RACERS = 100;
const ROUNDS = 5;
const COUNTERS = 50;
const INCREMENTS = 20;
const LONGEST_WAIT_MS = 1000;

const READ_TRIES = 10;

/** What a lost race is told (S3 API, PutObject: conditional writes). */
const LOST = new Set([409, 412]);

for (const etag of ["opaque", "md5"] as const) {
  describe(`two edges before MinIO, policy etag: ${etag}`, () => {
    const servers = new AsyncDisposableStack();
    let clients: readonly S3Client[];
    let backend: S3Server;

    before(async () => {
      backend = servers.use(await startMinio());
      const policies = [{ id: "all", buckets: ["*"], etag }];
      const options = { backend, policies };
      const gateway = servers.use(await startDistributed(options, { edges: 2 }));
      clients = servers.use(edgesOf(gateway));
      await clients[0]?.send(new CreateBucketCommand({ Bucket: BUCKET }));
    });
    after(() => servers.disposeAsync());

    const clientOf = (n: number): S3Client => clients[n % clients.length] ?? assert.fail();

    it(`let one of ${RACERS} create an object`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const Key = `created-${round}`;
        const statuses = await Promise.all(
          Array.from({ length: RACERS }, (_, n) =>
            statusOf(
              clientOf(n).send(
                new PutObjectCommand({ Bucket: BUCKET, Key, Body: `racer ${n}`, IfNoneMatch: "*" }),
              ),
            ),
          ),
        );
        const winners = statuses.flatMap((status, n) => (status === 200 ? [n] : []));
        assert.equal(winners.length, 1, `round ${round}: ${statuses.join(" ")}`);
        const others = statuses.filter((status) => status !== 200);
        assert.deepEqual(
          others.filter((status) => !LOST.has(status)),
          [],
        );
        assert.equal(await textOf(clientOf(1), Key), `racer ${winners[0]}`);
      }
    });

    it(`count to ${COUNTERS * INCREMENTS} by If-Match, ${COUNTERS} clients at once`, async () => {
      await clientOf(0).send(new PutObjectCommand({ Bucket: BUCKET, Key: "counter", Body: "0" }));
      await Promise.all(
        Array.from({ length: COUNTERS }, async (_, n) => {
          for (let done = 0; done < INCREMENTS; done++) await increment(clientOf(n));
        }),
      );
      assert.equal(await textOf(clientOf(0), "counter"), `${COUNTERS * INCREMENTS}`);
    });
  });
}

/** One client for each edge. */
function edgesOf(gateway: DistributedGateway): readonly S3Client[] & Disposable {
  const clients = gateway.endpoints.map((endpoint) => s3ClientOf({ ...gateway, endpoint }, RACERS));
  return Object.assign(clients, {
    [Symbol.dispose]: () => {
      for (const client of clients) client.destroy();
    },
  });
}

/** Reads, adds one and writes if nobody has in between; waits and tries again if somebody has. */
async function increment(s3: S3Client): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { value, etag } = await readCounter(s3);
    const write = { Bucket: BUCKET, Key: "counter", Body: `${value + 1}`, IfMatch: etag };
    const status = await statusOf(s3.send(new PutObjectCommand(write)));
    if (status === 200) return;
    assert.ok(LOST.has(status), `status ${status}`);
    await sleep(randomInt(Math.min(LONGEST_WAIT_MS, 20 * 2 ** tries)));
  }
}

/** Reads; asks again, as SDKs do, where the object changed too often while it was looked at. A write is never sent again. */
async function readCounter(s3: S3Client): Promise<{ value: number; etag: string | undefined }> {
  for (let tries = 1; ; tries++) {
    try {
      const object = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "counter" }));
      return { value: Number(await object.Body?.transformToString()), etag: object.ETag };
    } catch (error) {
      const isBusy = error instanceof S3ServiceException && error.name === "ServiceUnavailable";
      if (!isBusy || tries === READ_TRIES) throw error;
    }
  }
}

async function textOf(s3: S3Client, Key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  return await Body?.transformToString();
}

async function statusOf(sent: Promise<unknown>): Promise<number> {
  try {
    await sent;
    return 200;
  } catch (error) {
    if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode ?? 0;
    throw error;
  }
}
