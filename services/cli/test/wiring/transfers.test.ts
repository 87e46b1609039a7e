import assert from "node:assert/strict";
import { hostname } from "node:os";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { openObject, sealObject, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { TransferTickets } from "@s3eg/shared/http/ticket.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { WorkerProof } from "@s3eg/shared/trust/worker-proof.ts";
import type { z } from "zod";
import { type Env, readGatewayConfig } from "../../src/gateway-config.ts";
import {
  onAll,
  openWorkerPort,
  remoteTransfers,
  workerSettings,
} from "../../src/wiring/transfers.ts";
import { COMPLETE, KeptLog } from "../environment.ts";

const secret = new Secret<Uint8Array>(Buffer.alloc(32, 7));
const trust = {
  tickets: new TransferTickets(secret),
  proof: new WorkerProof(secret),
  zone: "z",
  tls: undefined,
  metrics: createMetrics(),
};

const target = { bucket: "b", key: "k" };
const asking: z.infer<typeof openObject.head> = {
  target,
  place: target,
  contents: "sealed",
  headers: {},
  query: [],
};
const storing = { target, place: target, suite: 1, size: 3, headers: {} } as const;

async function portOf(env: Env) {
  const { config } = readGatewayConfig([], { ...COMPLETE, ...env });
  return await openWorkerPort(config.crypto, { ...trust, log: new KeptLog() });
}

/** Answers both transfers: tells the size of what came, and gives three bytes. */
function serve(transfers: Parameters<typeof onAll>[0][number]): void {
  transfers.serveUpload(sealObject, async ({ body }) => {
    const bytes = await collectBody(body, 100, () => new Error("too large"));
    return { etag: `"${bytes.length}"`, headers: {} };
  });
  transfers.serveDownload(openObject, async () => ({
    result: { size: 3, isSealed: true, range: { offset: 0, length: 3 }, headers: {} },
    body: bodyOfBytes(Buffer.from("abc")),
    sizeBytes: 3,
  }));
}

describe("the port of a crypto worker", () => {
  it("takes no more transfers than its memory is good for", () => {
    const capacityOf = (env: Env) =>
      workerSettings(readGatewayConfig([], { ...COMPLETE, ...env }).config).capacity;
    const budget = { LIMITS_MEMORY_BUDGET: String(64 * 1024 * 1024) };
    assert.equal(capacityOf(budget), 78);
    assert.equal(capacityOf({ ...budget, CRYPTO_CAPACITY: "5" }), 5);
  });

  it("is reached where it listens, by the name of its host where it listens everywhere", async () => {
    for (const [listen, name] of [
      ["127.0.0.1:0", "127.0.0.1"],
      ["0.0.0.0:0", hostname()],
      [":0", hostname()],
    ] as const) {
      const { server, describe: state } = await portOf({ CRYPTO_LISTEN_ADDR: listen });
      await using _ = server;
      assert.equal(new URL(state().url).hostname, name.toLowerCase(), listen);
      assert.notEqual(new URL(state().url).port, "0");
    }
  });

  it("is reached by the URL that is configured", async () => {
    const url = "http://worker-7.internal:1234";
    const { server, describe: state } = await portOf({
      CRYPTO_LISTEN_ADDR: "127.0.0.1:0",
      CRYPTO_ADVERTISE_URL: url,
      CRYPTO_CAPACITY: "3",
    });
    await using _ = server;
    assert.deepEqual([state().url, state().capacity, state().zone], [url, 3, "z"]);
    assert.ok(trust.proof.isGenuine(state()));
  });

  it("says that it drains as soon as it is stopped", async () => {
    const { server, describe: state } = await portOf({ CRYPTO_LISTEN_ADDR: "127.0.0.1:0" });
    assert.equal(state().isDraining, false);
    const stopped = server.stop();
    assert.equal(state().isDraining, true);
    await stopped;
  });
});

describe("transfers to other processes", () => {
  it("go to workers that announced themselves with proof, and to no others", async () => {
    const log = new KeptLog();
    await using bus = new MemoryBus({ log });
    const { server, describe: state } = await portOf({ CRYPTO_LISTEN_ADDR: "127.0.0.1:0" });
    await using _server = server;
    serve(server);
    const { client, table } = remoteTransfers({ bus, ...trust, log });
    await using _client = client;
    const options = { requestId: "r" };
    await assert.rejects(client.download(openObject, asking, options), {
      code: "crypto.unavailable",
    });
    const stranger = new WorkerProof(new Secret<Uint8Array>(Buffer.alloc(32, 8)));
    await bus.publish(workerAlive, stranger.announce(state()));
    assert.equal(table.size, 0);
    assert.deepEqual(log.lines, ["a worker was announced without proof"]);
    await bus.publish(workerAlive, state());
    assert.equal(table.size, 1);
    const { body } = await client.download(openObject, asking, options);
    const bytes = await collectBody(body, 100, () => new Error("too large"));
    assert.equal(bytes.toString(), "abc");
  });
});

describe("transfers by TLS", () => {
  it("go to no worker that takes them in the clear, nor the other way round", async () => {
    const log = new KeptLog();
    await using bus = new MemoryBus({ log });
    const tls = { ca: "", cert: "", key: "" };
    const { server, describe: state } = await portOf({ CRYPTO_LISTEN_ADDR: "127.0.0.1:0" });
    await using _server = server;
    const sealed = remoteTransfers({ bus, ...trust, tls, log });
    await using _client = sealed.client;
    await bus.publish(workerAlive, state());
    assert.equal(sealed.table.size, 0);
    assert.match(log.lines.join(), /left out/);
  });
});

describe("answering on several servers", () => {
  it("answers on each of them", async () => {
    const servers = [
      new LocalTransfers({ log: new KeptLog() }),
      new LocalTransfers({ log: new KeptLog() }),
    ];
    serve(onAll(servers));
    for (const server of servers) {
      const sending = { head: storing, body: bodyOfBytes(Buffer.from("abc")), tail: () => ({}) };
      const { etag } = await server.upload(sealObject, sending, { requestId: "r" });
      assert.equal(etag, '"3"');
      const { body } = await server.download(openObject, asking, { requestId: "r" });
      assert.equal((await collectBody(body, 9, () => new Error("too large"))).toString(), "abc");
    }
  });
});
