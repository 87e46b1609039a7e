/** The gateway in its roles, each in a process of its own with only its own secrets, over a real nats-server. */
import { equal } from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { runClient } from "../clients/run-client.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";

const SMOKE = ["--largest", String(5 * 1024 * 1024)];
const WORKER_LOSS_MS = 10_000;

describe("edge, two cryptos, keys and audit over NATS", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;

  before(async () => {
    const backend = servers.use(await startBackend("versitygw"));
    gateway = servers.use(await startDistributed({ backend }));
  });
  after(() => servers.disposeAsync());

  it("give boto3 back what it put, in every way of asking", async () => {
    await runClient("boto3", gateway, SMOKE);
  });

  it("give the AWS SDK for JavaScript back what it put", async () => {
    await runClient("aws-sdk-js", gateway, SMOKE);
  });

  it("go on serving when one crypto is killed", async () => {
    const s3 = s3ClientOf(gateway);
    using _closing = { [Symbol.dispose]: () => s3.destroy() };
    const where = { Bucket: "one-worker-less", Key: "k" };
    await s3.send(new CreateBucketCommand({ Bucket: where.Bucket }));
    await s3.send(new PutObjectCommand({ ...where, Body: "still here" }));
    const [victim = 0] = gateway.roles.crypto;
    process.kill(victim, "SIGKILL");
    // Until the table of workers has noticed, a request may fail, but only with an error that says to try again.
    const deadline = Date.now() + WORKER_LOSS_MS;
    let inRow = 0;
    while (inRow < 10) {
      const body = await s3.send(new GetObjectCommand(where)).then(
        async ({ Body }) => await Body?.transformToString(),
        (error: unknown) => {
          if (Date.now() > deadline) throw error;
          return undefined;
        },
      );
      if (body !== undefined) equal(body, "still here");
      inRow = body === undefined ? 0 : inRow + 1;
      await sleep(body === undefined ? 100 : 0);
    }
  });
});
