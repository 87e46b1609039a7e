import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { Fault } from "../../src/faults.ts";
import { bodyOfBytes } from "../../src/http/body.ts";
import type { HttpTransferServer } from "../../src/http/transfer-server.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { openClient, openWorker, tickets } from "./http-pair.ts";
import { endlessBody, fetching, store } from "./transfer-contract.ts";

const head = Buffer.from(JSON.stringify({ name: "a" })).toString("base64url");
const tail = Buffer.from(JSON.stringify({ sum: "1" })).toString("base64url");

/** A request as our client makes it, save for what the test changes. */
function ask(
  url: string,
  path: string,
  more: { ticket?: string; method?: string } = {},
): ClientRequest {
  const use = { worker: "worker-1", path, requestId: "r", now: Date.now() };
  const { ticket = tickets.issue(use), method = "POST" } = more;
  const headers = {
    "x-s3eg-head": head,
    "x-s3eg-request-id": "r",
    "x-s3eg-ticket": ticket,
    "transfer-encoding": "chunked",
    trailer: "x-s3eg-tail",
  };
  const asked = request(`${url}/v1/${path}`, { method, headers });
  asked.on("error", () => undefined);
  return asked;
}

async function answerOf(asked: ClientRequest): Promise<{ answer: IncomingMessage; text: string }> {
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const pieces = (await answer.toArray()) as Buffer[];
  return { answer, text: Buffer.concat(pieces).toString() };
}

/** The fault code of the answer, which must not be a success. */
async function refusalOf(asked: ClientRequest): Promise<unknown> {
  const { answer } = await answerOf(asked);
  assert.notEqual(answer.statusCode, 200);
  return answer.headers["x-s3eg-fault"];
}

describe("HttpTransferServer", () => {
  let server: HttpTransferServer;
  let url: string;
  let commits = 0;
  before(async () => {
    const opened = await openWorker(new KeptLog(), { idleMs: 20, capacity: 1 });
    server = opened.server;
    url = opened.worker.url;
    server.serveUpload(store("put"), async ({ body, tail: readTail }) => {
      await body.pump(() => undefined);
      commits++;
      return { etag: readTail().sum };
    });
  });
  after(() => server.stop(0));

  it("takes a chunked body with the tail as its trailer, and answers JSON", async () => {
    const asked = ask(url, "put");
    asked.write("abc");
    asked.addTrailers({ "x-s3eg-tail": tail });
    asked.end();
    const { answer, text } = await answerOf(asked);
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(JSON.parse(text), { etag: "1" });
  });

  it("commits nothing of an upload without its tail, with one that does not fit, or cut off", async () => {
    const before_ = commits;
    const bare = ask(url, "put");
    bare.end("abc");
    assert.equal(await refusalOf(bare), "transfer.broken");
    for (const field of ["e30", "!", ""]) {
      const odd = ask(url, "put");
      odd.write("abc");
      odd.addTrailers({ "x-s3eg-tail": field });
      odd.end();
      assert.equal(await refusalOf(odd), "input.invalid");
    }
    const cut = ask(url, "put");
    cut.write("abc");
    while (server.inflight === 0) await new Promise(setImmediate);
    cut.destroy();
    while (server.inflight > 0) await new Promise(setImmediate);
    assert.equal(commits, before_);
  });

  it("denies a transfer without a ticket for it, before it looks at anything else", async () => {
    const other = { worker: "worker-2", path: "put", requestId: "r", now: Date.now() };
    const old = { ...other, worker: "worker-1", now: Date.now() - 30_000 };
    for (const ticket of ["", tickets.issue(other), tickets.issue(old)]) {
      const asked = ask(url, "put", { ticket });
      asked.end("abc");
      const { answer } = await answerOf(asked);
      assert.equal(answer.statusCode, 403);
      assert.equal(answer.headers["x-s3eg-fault"], "auth.denied");
    }
  });

  it("refuses what it does not answer", async () => {
    const unknown = ask(url, "unknown");
    unknown.end();
    assert.equal(await refusalOf(unknown), "crypto.unavailable");
    const got = ask(url, "put", { method: "PUT" });
    got.end();
    assert.equal(await refusalOf(got), "crypto.unavailable");
  });

  it("breaks off an upload that does not move", async () => {
    const asked = ask(url, "put");
    asked.write("abc");
    assert.equal(await refusalOf(asked), "transfer.broken");
    asked.destroy();
  });

  it("refuses with limit.busy beyond its capacity, and says so on the wire", async () => {
    const isTaken = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    server.serveUpload(store("slow"), async ({ body }) => {
      isTaken.resolve();
      await mayEnd.promise;
      await body.pump(() => undefined);
      return { etag: "slow" };
    });
    const slow = ask(url, "slow");
    slow.addTrailers({ "x-s3eg-tail": tail });
    slow.end();
    await isTaken.promise;
    assert.equal(server.inflight, 1);
    const second = ask(url, "put");
    second.end();
    assert.equal(await refusalOf(second), "limit.busy");
    mayEnd.resolve();
    assert.equal((await answerOf(slow)).answer.statusCode, 200);
  });

  it("closes the connection after an answer that came before the body had ended", async () => {
    server.serveUpload(store("refuse"), async ({ body }) => {
      await body.pump(() => {
        throw new Fault("backend.refused", "no");
      });
      return { etag: "" };
    });
    const early = ask(url, "refuse");
    early.write("abc");
    const closing = await answerOf(early);
    assert.equal(closing.answer.headers.connection, "close");
    assert.deepEqual(JSON.parse(closing.text), {
      code: "backend.refused",
      message: "no",
      details: {},
    });
    early.destroy();
  });

  it("breaks the connection when a download fails after its head", async () => {
    server.serveDownload(fetching("get"), async () => {
      const body = endlessBody(Buffer.alloc(9));
      setImmediate(() => body.destroy(new Fault("crypto.integrity", "tag differs")));
      return { result: { size: 10 }, body, sizeBytes: 10 };
    });
    const asked = ask(url, "get");
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    assert.equal(answer.headers["content-length"], "10");
    await assert.rejects(answer.toArray());
    assert.equal(answer.complete, false);
  });

  it("refuses a result that is too large for a header, and destroys its body", async () => {
    const body = endlessBody(Buffer.alloc(9));
    server.serveDownload(
      { ...fetching("large"), result: z.object({ text: z.string() }) },
      async () => ({ result: { text: "x".repeat(128 * 1024) }, body, sizeBytes: 10 }),
    );
    const asked = ask(url, "large");
    asked.end();
    assert.equal(await refusalOf(asked), "internal.bug");
    await body.destroyed;
  });
});

describe("HttpTransferServer.stop", () => {
  it("waits for what is under way, refuses what is new on kept connections, then closes", async () => {
    const { server, worker } = await openWorker(new KeptLog());
    const isTaken = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    server.serveUpload(store("slow"), async ({ body }) => {
      isTaken.resolve();
      await mayEnd.promise;
      await body.pump(() => undefined);
      return { etag: "slow" };
    });
    const client = openClient([worker]);
    const sending = {
      head: { name: "a" },
      body: bodyOfBytes(Buffer.from("a")),
      tail: () => ({ sum: "" }),
    };
    const asked = client.upload(store("slow"), sending, { requestId: "r" });
    await isTaken.promise;
    let isStopped = false;
    const stopped = server.stop().then(() => {
      isStopped = true;
    });
    assert.equal(server.isDraining, true);
    await new Promise(setImmediate);
    assert.equal(isStopped, false);
    mayEnd.resolve();
    assert.deepEqual(await asked, { etag: "slow" });
    await stopped;
    await client[Symbol.asyncDispose]();
  });

  it("cuts what is under way when the time is over", async () => {
    const { server, worker } = await openWorker(new KeptLog());
    const isTaken = Promise.withResolvers<void>();
    server.serveUpload(store("endless"), async (got) => {
      await got.body.pump(() => isTaken.resolve());
      return { etag: "" };
    });
    const client = openClient([worker]);
    const body = endlessBody(Buffer.alloc(9));
    const sending = { head: { name: "a" }, body, tail: () => ({ sum: "" }) };
    const asked = client.upload(store("endless"), sending, { requestId: "r" });
    const failed = assert.rejects(
      asked,
      (error) => error instanceof Fault && error.code === "transfer.broken",
    );
    await isTaken.promise;
    await server.stop(1);
    await failed;
    await body.destroyed;
    await client[Symbol.asyncDispose]();
  });
});
