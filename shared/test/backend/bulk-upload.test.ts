import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { BulkPool } from "../../src/backend/bulk-pool.ts";
import type { WireRequest, WireResponse } from "../../src/backend/carrier.ts";
import { ReadBuffers } from "../../src/backend/read-buffers.ts";
import { isFault } from "../../src/faults.ts";
import { type Body, bodyOfPieces } from "../../src/http/body.ts";
import { answering, ok, type RawConnection, startRawServer } from "./raw-server.ts";

const GET: WireRequest = { method: "GET", target: "/b/k", headers: { host: "h" } };
const NEVER: Body = { pump: () => new Promise(() => {}), destroy: () => {} };

function poolFor(server: { port: number }, idleMs = 5000): BulkPool {
  return new BulkPool(
    {
      host: "127.0.0.1",
      port: server.port,
      timeouts: { connectMs: 5000, headersMs: idleMs, idleMs },
      keepIdleMs: 5000,
      buffers: new ReadBuffers(),
    },
    2,
  );
}

function put(body: Body, sizeBytes: number): WireRequest {
  return { method: "PUT", target: "/b/k", headers: { host: "h" }, body: { body, sizeBytes } };
}

function expecting(body: Body, sizeBytes: number): WireRequest {
  const request = put(body, sizeBytes);
  return { ...request, headers: { ...request.headers, expect: "100-continue" } };
}

async function textOf({ body }: WireResponse): Promise<string> {
  let text = "";
  await body.pump((piece) => {
    text += Buffer.from(piece).toString("latin1");
  });
  return text;
}

const REFUSING_SERVER = `
  const { parentPort, workerData: flag } = require("node:worker_threads");
  const server = require("node:net").createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.pause();
      const answer = "HTTP/1.1 412 x\\r\\nContent-Length: 6\\r\\n\\r\\nexists";
      socket.write(answer, () => socket.resetAndDestroy());
    });
    socket.on("close", () => {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;

/** Answers a PUT when all its `sizeBytes` bytes are there. */
function storing(sizeBytes: number): (connection: RawConnection) => void {
  return (connection) => {
    const start = connection.received.indexOf("\r\n\r\n");
    if (start >= 0 && connection.received.length === start + 4 + sizeBytes) {
      connection.socket.write(ok(""));
    }
  };
}

function bodySent({ received }: RawConnection): string {
  return received.slice(received.indexOf("\r\n\r\n") + 4);
}

const isLost = (phase: string) => (error: unknown) =>
  isFault(error, "backend.unavailable") && error.details.phase === phase;

describe("a streamed request body", () => {
  it("arrives byte for byte, with exactly the declared length", async () => {
    const pieces = Array.from({ length: 40 }, (_, n) => Buffer.alloc(n * 1000, n + 65));
    const whole = Buffer.concat(pieces);
    await using server = await startRawServer({ onBytes: storing(whole.length) });
    await using pool = poolFor(server);
    const response = await pool.exchange(put(bodyOfPieces(pieces), whole.length));
    assert.equal(response.status, 200);
    const [connection] = server.connections;
    assert.ok(connection);
    assert.match(
      connection.received,
      new RegExp(
        `^PUT /b/k HTTP/1\\.1\\r\\nhost: h\\r\\ncontent-length: ${whole.length}\\r\\n\\r\\n`,
      ),
    );
    assert.ok(bodySent(connection) === whole.toString("latin1"));
  });

  it("of no bytes has a length of 0, and so has a PUT without a body", async () => {
    await using server = await startRawServer({ onBytes: answering(() => ok("")) });
    await using pool = poolFor(server);
    assert.equal((await pool.exchange(put(bodyOfPieces([]), 0))).status, 200);
    const seen: string[] = [];
    await using other = await startRawServer({
      onBytes: answering((head) => {
        seen.push(head);
        return ok("");
      }),
    });
    await using otherPool = poolFor(other);
    await otherPool.exchange({ ...GET, method: "PUT" });
    assert.match(seen[0] ?? "", /\r\ncontent-length: 0$/);
  });

  it("is complete at the backend only after the source has ended properly", async () => {
    await using server = await startRawServer({ onBytes: storing(6) });
    await using pool = poolFor(server);
    const gate = Promise.withResolvers<void>();
    const body: Body = {
      async pump(take) {
        await take(Buffer.from("abc"));
        await sleep(60);
        await take(Buffer.from("def"));
        await gate.promise;
      },
      destroy: () => {},
    };
    const response = pool.exchange(put(body, 6));
    await sleep(120);
    const [connection] = server.connections;
    assert.ok(connection);
    // A slow source does not keep back what it gave; only the end waits.
    assert.equal(bodySent(connection), "abc");
    gate.resolve();
    assert.equal((await response).status, 200);
    assert.equal(bodySent(connection), "abcdef");
  });

  it("that is expected is touched only when the server says continue", async () => {
    const seen: string[] = [];
    await using server = await startRawServer({
      onBytes: (connection) => {
        const body = bodySent(connection);
        seen.push(body);
        if (body === "") connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        else if (body === "abc") connection.socket.write(ok(""));
      },
    });
    await using pool = poolFor(server);
    const response = await pool.exchange(expecting(bodyOfPieces([Buffer.from("abc")]), 3));
    assert.equal(response.status, 200);
    assert.deepEqual(seen, ["", "abc"]);
  });

  it("that is expected and not wanted is not touched", async () => {
    const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    await using server = await startRawServer({
      onBytes: ({ socket }) => socket.write(refusal),
    });
    await using pool = poolFor(server);
    let isPumped = false;
    const body: Body = {
      pump: async () => {
        isPumped = true;
      },
      destroy: () => {},
    };
    const response = await pool.exchange(expecting(body, 3));
    assert.equal(response.status, 403);
    assert.equal(await textOf(response), "no");
    assert.equal(isPumped, false);
  });

  it("that is expected goes unasked to a server that knows nothing of that", async () => {
    await using server = await startRawServer({ onBytes: storing(3) });
    await using pool = poolFor(server);
    const response = await pool.exchange(expecting(bodyOfPieces([Buffer.from("abc")]), 3));
    assert.equal(response.status, 200);
  });

  it("of no bytes is not sent either before the source has ended properly", async () => {
    await using server = await startRawServer({ onBytes: storing(0) });
    await using pool = poolFor(server);
    const wrong = new Error("signature of the last chunk does not match");
    const body: Body = {
      pump: () => sleep(40).then(() => Promise.reject(wrong)),
      destroy: () => {},
    };
    await assert.rejects(pool.exchange(put(body, 0)), wrong);
    assert.equal(server.connections[0]?.received, "");
  });

  it("whose source fails breaks the connection and throws the source's error", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startRawServer({
      onConnection: ({ socket }) => void socket.once("close", () => closed.resolve()),
    });
    await using pool = poolFor(server);
    const wrong = new Error("chunk signature does not match");
    async function* pieces() {
      yield Buffer.alloc(400_000);
      await sleep(1);
      throw wrong;
    }
    await assert.rejects(pool.exchange(put(bodyOfPieces(pieces()), 1_000_000)), wrong);
    await closed.promise;
    assert.equal(server.connections.length, 1);
  });

  it("longer or shorter than declared is a bug, and never a complete request", async () => {
    for (const sizeBytes of [9, 11]) {
      const closed = Promise.withResolvers<void>();
      await using server = await startRawServer({
        onConnection: ({ socket }) => void socket.once("close", () => closed.resolve()),
      });
      await using pool = poolFor(server);
      const body = bodyOfPieces([Buffer.from("01234"), Buffer.from("56789")]);
      await assert.rejects(pool.exchange(put(body, sizeBytes)), (error) =>
        isFault(error, "internal.bug"),
      );
      await closed.promise;
      const [connection] = server.connections;
      assert.ok(connection && bodySent(connection).length < sizeBytes);
    }
  });

  it("refused before it was sent is stopped; its bytes never show up as another request", async () => {
    await using server = await startRawServer({
      onBytes: (connection) => {
        // As RGW does: an answer at once, and the connection kept. What follows would be read as requests.
        if (connection.received.length > 200_000 || !connection.received.startsWith("PUT")) return;
        if (connection.received.endsWith("!")) return;
        connection.received += "!";
        connection.socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied");
      },
    });
    await using pool = poolFor(server);
    let isStopped = false;
    const stopped = Promise.withResolvers<void>();
    const body: Body = {
      async pump(take) {
        while (!isStopped) {
          await take(Buffer.from("GET /stolen HTTP/1.1\r\n\r\n"));
          await sleep(1);
        }
      },
      destroy() {
        isStopped = true;
        stopped.resolve();
      },
    };
    const response = await pool.exchange(put(body, 100_000_000));
    assert.equal(response.status, 403);
    assert.equal(await textOf(response), "denied");
    await stopped.promise;
    void (await pool.exchange({ ...put(NEVER, 5), target: "/second" }));
    assert.equal(server.connections.length, 2);
    assert.ok(server.connections[1]?.received.startsWith("PUT /second"));
    assert.ok(!server.connections[1]?.received.includes("stolen"));
  });

  it("refused by an answer and a reset of the connection still gets the answer", async (t) => {
    // In a thread of its own, so that it can answer and reset while we are between two writes and read nothing.
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(REFUSING_SERVER, { eval: true, workerData: flag });
    t.after(() => worker.terminate());
    const ready: unknown[] = await once(worker, "message");
    await using pool = poolFor({ port: Number(ready[0]) });
    const piece = Buffer.alloc(300_000);
    const body: Body = {
      async pump(take) {
        await take(piece);
        Atomics.wait(flag, 0, 0, 5000);
        for (let n = 0; n < 9; n += 1) await take(piece);
      },
      destroy: () => {},
    };
    const response = await pool.exchange(put(body, 10 * piece.length));
    assert.equal(Atomics.load(flag, 0), 1);
    assert.equal(response.status, 412);
    assert.equal(await textOf(response), "exists");
  });

  it("answered with an error makes its connection unfit for another, however it was sent", async () => {
    // The server may not have read the body, although all of it was sent.
    await using server = await startRawServer({
      onBytes: ({ socket, received }) =>
        void (
          received.endsWith("GET /stolen") &&
          socket.write("HTTP/1.1 412 x\r\nContent-Length: 0\r\n\r\n")
        ),
    });
    await using pool = poolFor(server);
    const bytes = Buffer.from("GET /stolen");
    for (const body of [bytes, { body: bodyOfPieces([bytes]), sizeBytes: bytes.length }]) {
      const response = await pool.exchange({ ...GET, method: "PUT", body });
      assert.equal(response.status, 412);
      assert.equal(response.isReused, false);
    }
    assert.equal(server.connections.length, 2);
  });

  it("in memory goes out whole, and its connection is used again after a success", async () => {
    const bytes = Buffer.alloc(3_000_000, "x");
    let left = bytes.length;
    await using server = await startRawServer({
      onBytes: (connection, received) => {
        const end = received.indexOf("\r\n\r\n");
        left -= end < 0 ? received.length : received.length - end - 4;
        if (left > 0) return;
        left = bytes.length;
        connection.socket.write(ok(""));
      },
    });
    await using pool = poolFor(server);
    for (let n = 0; n < 3; n += 1) {
      assert.equal((await pool.exchange({ ...GET, method: "PUT", body: bytes })).status, 200);
    }
    assert.equal(server.connections.length, 1);
  });

  it("answered with success before it was sent is a broken exchange", async () => {
    await using server = await startRawServer({
      onBytes: ({ socket }) => void socket.write(ok("")),
    });
    await using pool = poolFor(server);
    await assert.rejects(pool.exchange(put(NEVER, 10)), isLost("answer"));
  });

  it("waits for a slow source, but not for a backend that takes nothing", async () => {
    await using server = await startRawServer({
      onConnection: ({ socket }) => void socket.pause(),
    });
    await using pool = poolFor(server, 50);
    const slow: Body = {
      async pump(take) {
        await sleep(200);
        for (;;) await take(Buffer.alloc(1024 * 1024));
      },
      destroy: () => {},
    };
    await assert.rejects(pool.exchange(put(slow, 1e12)), isLost("stalled"));
  });

  it("holds little in memory when the backend is slow", async () => {
    await using server = await startRawServer({
      onConnection: ({ socket }) => void socket.pause(),
    });
    await using pool = poolFor(server);
    const abort = new AbortController();
    const piece = Buffer.alloc(64 * 1024);
    let given = 0;
    const body: Body = {
      async pump(take) {
        for (;;) {
          given += piece.length;
          await take(piece);
        }
      },
      destroy: () => {},
    };
    const response = pool.exchange({ ...put(body, 1e12), signal: abort.signal });
    response.catch(() => {});
    let before = -1;
    while (given !== before) {
      before = given;
      await sleep(50);
    }
    // Socket buffers of both sides, and at most two batches of ours.
    assert.ok(given < 32 * 1024 * 1024, `${given} bytes given`);
    abort.abort(new Error("enough"));
    await assert.rejects(response, /enough/);
  });
});
