import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { type Body, bodyOfBytes, collectBody } from "../../src/http/body.ts";
import type { HttpTransferServer } from "../../src/http/transfer-server.ts";
import { faultOf } from "../bus/bus-contract.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { openClient, openWorker } from "./http-pair.ts";
import { endlessBody, fetching, store, transferContract } from "./transfer-contract.ts";

const options = { requestId: "r" };
const head = { name: "a" };
const tail = () => ({ sum: "" });

transferContract("HTTP transfers", async (log) => {
  const { server, worker } = await openWorker(log);
  const client = openClient([worker]);
  return {
    client,
    server,
    async close() {
      await client[Symbol.asyncDispose]();
      await server.stop(0);
    },
  };
});

/** A worker that is announced and does not listen any more. */
async function deadWorker(id: string) {
  const { server, worker } = await openWorker(new KeptLog(), { id });
  await server.stop(0);
  return worker;
}

function serveBoth(server: HttpTransferServer, name: string): void {
  server.serveUpload(store("put"), async ({ body }) => {
    await body.pump(() => undefined);
    return { etag: name };
  });
  server.serveDownload(fetching("get"), async () => ({
    result: { size: 1 },
    body: bodyOfBytes(Buffer.from("x")),
    sizeBytes: 1,
  }));
}

describe("HttpTransferClient", () => {
  it("goes on to another worker while no byte of the body was taken", async () => {
    const [dead, live] = [
      await deadWorker("dead"),
      await openWorker(new KeptLog(), { id: "live" }),
    ];
    const busy = await openWorker(new KeptLog(), { id: "busy", capacity: 0 });
    for (const { server } of [live, busy]) serveBoth(server, "live");
    const client = openClient([dead, busy.worker, live.worker]);
    const sending = { head, body: bodyOfBytes(Buffer.from("abc")), tail };
    assert.deepEqual(await client.upload(store("put"), sending, options), { etag: "live" });
    const { body } = await client.download(fetching("get"), head, options);
    assert.equal((await collectBody(body, 1, () => new Error())).toString(), "x");
    await client[Symbol.asyncDispose]();
    for (const { server } of [live, busy]) await server.stop(0);
  });

  it("says what the last worker said when none is left, and gives the body up untouched", async () => {
    const busy = await openWorker(new KeptLog(), { id: "busy", capacity: 0 });
    for (const [workers, code] of [
      [[await deadWorker("a"), await deadWorker("b")], "crypto.unavailable"],
      [[await deadWorker("a"), busy.worker], "limit.busy"],
    ] as const) {
      const client = openClient(workers);
      const destroyed = Promise.withResolvers<unknown>();
      const body: Body = {
        pump: () => assert.fail("the body was pumped"),
        destroy: (reason) => destroyed.resolve(reason),
      };
      const asked = client.upload(store("put"), { head, body, tail }, options);
      await assert.rejects(asked, faultOf(code));
      faultOf(code)(await destroyed.promise);
      await assert.rejects(client.download(fetching("get"), head, options), faultOf(code));
      await client[Symbol.asyncDispose]();
    }
    await busy.server.stop(0);
  });

  it("throws what pickWorker throws", async () => {
    const client = openClient([]);
    await assert.rejects(client.download(fetching("get"), head, options), /no worker is left/);
  });

  it("says transfer.broken when the worker dies half way, and gives the body up", async () => {
    const { server, worker } = await openWorker(new KeptLog());
    const isTaken = Promise.withResolvers<void>();
    server.serveUpload(store("put"), async (got) => {
      await got.body.pump(() => isTaken.resolve());
      return { etag: "" };
    });
    server.serveDownload(fetching("get"), async () => ({
      result: { size: 10 },
      body: endlessBody(Buffer.alloc(9)),
      sizeBytes: 10,
    }));
    const client = openClient([worker]);
    const body = endlessBody(Buffer.alloc(9));
    const sent = client.upload(store("put"), { head, body, tail }, options);
    const failed = assert.rejects(sent, faultOf("transfer.broken"));
    await isTaken.promise;
    const received = await client.download(fetching("get"), head, options);
    const pumped = assert.rejects(
      received.body.pump(() => undefined),
      faultOf("transfer.broken"),
    );
    await server.stop(0);
    await failed;
    await pumped;
    await body.destroyed;
    await client[Symbol.asyncDispose]();
  });

  it("says transfer.broken when the worker does not answer in time, or with something else", async () => {
    const { server, worker } = await openWorker(new KeptLog());
    const never = Promise.withResolvers<void>();
    server.serveUpload(store("put"), async ({ body }) => {
      await body.pump(() => undefined);
      await never.promise;
      return { etag: "" };
    });
    const client = openClient([worker], { answerMs: 20 });
    const sending = () => ({ head, body: bodyOfBytes(Buffer.from("a")), tail });
    const asked = client.upload(store("put"), sending(), options);
    await assert.rejects(asked, faultOf("transfer.broken"));
    never.resolve();
    await server.stop(0);
    await client[Symbol.asyncDispose]();

    const stranger = createServer((socket) => {
      socket.once("data", () =>
        socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno"),
      );
    });
    stranger.listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const address = stranger.address();
    const port = address && typeof address === "object" ? address.port : 0;
    const other = openClient([{ id: "w", url: `http://127.0.0.1:${port}` }]);
    await assert.rejects(
      other.upload(store("put"), sending(), options),
      faultOf("transfer.broken"),
    );
    await other[Symbol.asyncDispose]();
    stranger.close();
  });

  it("uses its connections again", async () => {
    const { server, worker } = await openWorker(new KeptLog());
    serveBoth(server, "w");
    const ports = new Set<number | undefined>();
    server.serveUpload(store("port"), async ({ body }) => {
      await body.pump(() => undefined);
      return { etag: "" };
    });
    const client = openClient([worker]);
    for (let i = 0; i < 5; i++) {
      const sending = { head, body: bodyOfBytes(Buffer.alloc(100_000)), tail };
      await client.upload(store("port"), sending, options);
      const { body } = await client.download(fetching("get"), head, options);
      await body.pump(() => undefined);
      ports.add(client.openConnections);
    }
    assert.deepEqual([...ports], [1]);
    await client[Symbol.asyncDispose]();
    await server.stop(0);
  });
});
