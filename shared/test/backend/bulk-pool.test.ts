import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createSecureContext } from "node:tls";
import type { ConnectionSettings } from "../../src/backend/bulk-connection.ts";
import { BulkPool } from "../../src/backend/bulk-pool.ts";
import type { WireRequest, WireResponse } from "../../src/backend/carrier.ts";
import { ReadBuffers } from "../../src/backend/read-buffers.ts";
import { isFault } from "../../src/faults.ts";
import { answering, ok, type RawServer, startRawServer } from "./raw-server.ts";

const GET: WireRequest = { method: "GET", target: "/b/k", headers: { host: "h" } };

function poolFor(
  server: { port: number },
  options: Partial<ConnectionSettings> & { maxConnections?: number } = {},
): BulkPool {
  const { maxConnections = 4, ...settings } = options;
  return new BulkPool(
    {
      host: "127.0.0.1",
      port: server.port,
      timeouts: { connectMs: 5000, headersMs: 5000, idleMs: 5000 },
      keepIdleMs: 5000,
      buffers: new ReadBuffers(),
      ...settings,
    },
    maxConnections,
  );
}

async function textOf({ body }: WireResponse): Promise<string> {
  let text = "";
  await body.pump((piece) => {
    text += Buffer.from(piece).toString("latin1");
  });
  return text;
}

const isLost = (phase: string) => (error: unknown) =>
  isFault(error, "backend.unavailable") && error.details.phase === phase;

async function closedOf(server: RawServer, number: number): Promise<void> {
  const socket = server.connections[number]?.socket;
  assert.ok(socket);
  while (!socket.destroyed) await sleep(1);
}

describe("BulkPool", () => {
  it("uses one connection for one exchange after another", async () => {
    await using server = await startRawServer({
      onBytes: answering((head) => ok(`${head.length}`)),
    });
    await using pool = poolFor(server);
    for (let n = 0; n < 5; n += 1) {
      const response = await pool.exchange(GET);
      assert.equal(response.status, 200);
      assert.equal(response.isReused, n > 0);
      assert.match(await textOf(response), /^\d+$/);
    }
    assert.equal(server.connections.length, 1);
  });

  it("uses a connection again after answers without a body and after a drained one", async () => {
    const answers = [
      "HTTP/1.1 204 x\r\n\r\n",
      "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n",
      ok("unwanted"),
    ];
    await using server = await startRawServer({
      onBytes: answering(() => answers.shift() ?? ok("last")),
    });
    await using pool = poolFor(server);
    for (const status of [204, 304]) {
      const response = await pool.exchange(GET);
      assert.equal(response.status, status);
      assert.equal(await textOf(response), "");
    }
    (await pool.exchange(GET)).body.destroy();
    assert.equal(await textOf(await pool.exchange(GET)), "last");
    assert.equal(server.connections.length, 1);
  });

  it("opens a connection of its own for a request that asks for a fresh one", async () => {
    await using server = await startRawServer({ onBytes: answering(() => ok("x")) });
    await using pool = poolFor(server, { maxConnections: 1 });
    await textOf(await pool.exchange(GET));
    const response = await pool.exchange({ ...GET, isFresh: true });
    assert.equal(response.isReused, false);
    assert.equal(await textOf(response), "x");
    assert.equal(server.connections.length, 2);
  });

  it("never uses a connection again on which more came than the answer", async () => {
    await using server = await startRawServer({
      onBytes: answering((_, { number }) =>
        number === 0 ? `${ok("one")}HTTP/1.1 200 OK\r\n` : ok("two"),
      ),
    });
    await using pool = poolFor(server);
    assert.equal(await textOf(await pool.exchange(GET)), "one");
    assert.equal(await textOf(await pool.exchange(GET)), "two");
    assert.equal(server.connections.length, 2);
  });

  it("drops a kept connection on which bytes arrive that nobody asked for", async () => {
    await using server = await startRawServer({ onBytes: answering(() => ok("x")) });
    await using pool = poolFor(server);
    await textOf(await pool.exchange(GET));
    server.connections[0]?.socket.write(ok("smuggled"));
    await closedOf(server, 0);
    assert.equal(await textOf(await pool.exchange(GET)), "x");
    assert.equal(server.connections.length, 2);
  });

  it("opens a new connection after one that the server does not keep", async () => {
    await using server = await startRawServer({
      onBytes: answering(() => ok("x", "Connection: close\r\n")),
    });
    await using pool = poolFor(server);
    await textOf(await pool.exchange(GET));
    await textOf(await pool.exchange(GET));
    assert.equal(server.connections.length, 2);
  });

  it("closes a connection that is not used for a while", async () => {
    await using server = await startRawServer({ onBytes: answering(() => ok("x")) });
    await using pool = poolFor(server, { keepIdleMs: 10 });
    await textOf(await pool.exchange(GET));
    await closedOf(server, 0);
  });

  it("passes latin-1 bytes of header values in both directions", async () => {
    const seen: string[] = [];
    await using server = await startRawServer({
      onBytes: answering((head) => {
        seen.push(head);
        return "HTTP/1.1 204 x\r\nx-amz-meta-a: gr\u00fc\u00df\u00e9\u00a0\r\n\r\n";
      }),
    });
    await using pool = poolFor(server);
    const headers = { host: "h", "x-amz-meta-a": "\u00c3\u00a4 \u00ff" };
    const response = await pool.exchange({ ...GET, headers });
    assert.equal(response.headers["x-amz-meta-a"], "gr\u00fc\u00df\u00e9\u00a0");
    assert.ok(seen[0]?.includes("x-amz-meta-a: \u00c3\u00a4 \u00ff"));
  });

  it("refuses anything that could break out of a line, without touching a connection", async () => {
    await using server = await startRawServer({});
    await using pool = poolFor(server);
    for (const wrong of [
      { ...GET, headers: { a: "b\r\nc: d" } },
      { ...GET, headers: { a: "b\n" } },
      { ...GET, headers: { a: "b\0" } },
      { ...GET, headers: { a: "\u20ac" } },
      { ...GET, headers: { "a b": "c" } },
      { ...GET, headers: { "": "c" } },
      { ...GET, target: "/a b" },
      { ...GET, target: "/a\r\nHost: x" },
      { ...GET, method: "GET /x" },
    ]) {
      await assert.rejects(pool.exchange(wrong), (error) => isFault(error, "input.invalid"));
    }
    assert.equal(server.connections.length, 0);
  });

  it("lets requests wait in line for a free connection", async () => {
    await using server = await startRawServer({
      onBytes: answering((head) => ok(head.split(" ")[1] ?? "")),
    });
    await using pool = poolFor(server, { maxConnections: 1 });
    const first = await pool.exchange({ ...GET, target: "/0" });
    const order: string[] = [];
    const others = ["/1", "/2", "/3"].map(async (target) => {
      order.push(await textOf(await pool.exchange({ ...GET, target })));
    });
    assert.equal(await textOf(first), "/0");
    await Promise.all(others);
    assert.deepEqual(order, ["/1", "/2", "/3"]);
    assert.equal(server.connections.length, 1);
  });

  it("lets a waiting request open a connection when a broken one leaves room", async () => {
    await using server = await startRawServer({
      onBytes: answering((_, { number, socket }) => {
        if (number === 0) setImmediate(() => socket.resetAndDestroy());
        return number === 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : ok("x");
      }),
    });
    await using pool = poolFor(server, { maxConnections: 1 });
    const first = textOf(await pool.exchange(GET));
    const second = pool.exchange(GET).then(textOf);
    await assert.rejects(first, isLost("answer"));
    assert.equal(await second, "x");
  });

  it("stops waiting when the request is aborted or has waited too long", async () => {
    await using server = await startRawServer({ onBytes: answering(() => ok("x")) });
    const timeouts = { connectMs: 30, headersMs: 5000, idleMs: 5000 };
    await using pool = poolFor(server, { maxConnections: 1, timeouts });
    const first = await pool.exchange(GET);
    const abort = new AbortController();
    const aborted = pool.exchange({ ...GET, signal: abort.signal });
    const late = pool.exchange(GET);
    const reason = new Error("client left");
    abort.abort(reason);
    await assert.rejects(aborted, reason);
    await assert.rejects(late, (error) => isFault(error, "limit.busy"));
    assert.equal(await textOf(first), "x");
    assert.equal(await textOf(await pool.exchange(GET)), "x");
    await assert.rejects(pool.exchange({ ...GET, signal: AbortSignal.abort(reason) }), reason);
  });

  it("tells a refused connection from one that broke", async () => {
    const server = await startRawServer({ onBytes: (connection) => connection.socket.destroy() });
    await using pool = poolFor(server);
    await assert.rejects(pool.exchange(GET), isLost("reset"));
    await server[Symbol.asyncDispose]();
    await assert.rejects(pool.exchange(GET), isLost("connect"));
  });

  it("gives up connecting after the time limit", async () => {
    // Accepts TCP but never speaks TLS.
    await using server = await startRawServer({});
    const tls = { secureContext: createSecureContext(), rejectUnauthorized: true };
    const timeouts = { connectMs: 20, headersMs: 5000, idleMs: 5000 };
    await using pool = poolFor(server, { tls, timeouts });
    await assert.rejects(pool.exchange(GET), isLost("connect"));
  });

  it("speaks TLS, and refuses a certificate it cannot verify", async () => {
    const large = "x".repeat(1_000_000);
    await using server = await startRawServer({ isTls: true, onBytes: answering(() => ok(large)) });
    const secureContext = createSecureContext({ ca: readFileSync(server.caFile) });
    await using pool = poolFor(server, { tls: { secureContext, rejectUnauthorized: true } });
    for (let n = 0; n < 2; n += 1) {
      const { body } = await pool.exchange(GET);
      let bytes = 0;
      // Every piece is held for a while: what TLS hands over meanwhile must not overwrite it.
      await body.pumpBorrowed?.(async (piece) => {
        await sleep(n);
        assert.ok(piece.every((byte) => byte === 0x78));
        bytes += piece.length;
      });
      assert.equal(bytes, large.length);
    }
    assert.equal(server.connections.length, 1);
    const strict = { secureContext: createSecureContext(), rejectUnauthorized: true };
    await using stranger = poolFor(server, { tls: strict });
    await assert.rejects(stranger.exchange(GET), isLost("connect"));
  });

  it("ends everything when it is disposed of", async () => {
    await using server = await startRawServer({
      onBytes: answering(() => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    });
    const pool = poolFor(server, { maxConnections: 1 });
    const running = textOf(await pool.exchange(GET));
    const waiting = pool.exchange(GET);
    const [ranOut, waitedInVain] = await Promise.allSettled([
      running,
      waiting,
      pool[Symbol.asyncDispose](),
    ]);
    assert.equal(ranOut.status, "rejected");
    assert.equal(waitedInVain.status, "rejected");
    await assert.rejects(pool.exchange(GET), (error) => isFault(error, "backend.unavailable"));
  });

  it("keeps no connection once it is retired, but still serves", async () => {
    await using server = await startRawServer({ onBytes: answering(() => ok("x")) });
    await using pool = poolFor(server);
    await textOf(await pool.exchange(GET));
    pool.retire();
    assert.equal(await textOf(await pool.exchange(GET)), "x");
    await closedOf(server, 0);
    await closedOf(server, 1);
  });
});
