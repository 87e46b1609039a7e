import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BulkPool } from "../../src/backend/bulk-pool.ts";
import type { WireRequest, WireResponse } from "../../src/backend/carrier.ts";
import { ReadBuffers } from "../../src/backend/read-buffers.ts";
import { isFault } from "../../src/faults.ts";
import { answering, ok, startRawServer } from "./raw-server.ts";

const GET: WireRequest = { method: "GET", target: "/b/k", headers: { host: "h" } };

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

async function textOf({ body }: WireResponse): Promise<string> {
  let text = "";
  await body.pump((piece) => {
    text += Buffer.from(piece).toString("latin1");
  });
  return text;
}

const isLost = (phase: string) => (error: unknown) =>
  isFault(error, "backend.unavailable") && error.details.phase === phase;

describe("an answer", () => {
  it("is taken piece by piece, and its pieces may be kept after pump", async () => {
    const text = Array.from({ length: 300_000 }, (_, n) => n % 10).join("");
    await using server = await startRawServer({ onBytes: answering(() => ok(text)) });
    await using pool = poolFor(server);
    const pieces: Uint8Array[] = [];
    await (await pool.exchange(GET)).body.pump((piece) => void pieces.push(piece));
    assert.equal(Buffer.concat(pieces).toString(), text);
  });

  it("comes with borrowed pieces that stay whole until the taker is finished", async () => {
    const text = Array.from({ length: 3_000_000 }, (_, n) => n % 10).join("");
    await using server = await startRawServer({ onBytes: answering(() => ok(text)) });
    await using pool = poolFor(server);
    for (let round = 0; round < 2; round += 1) {
      let seen = "";
      await (await pool.exchange(GET)).body.pumpBorrowed?.(async (piece) => {
        await sleep(1);
        seen += Buffer.from(piece).toString();
      });
      assert.ok(seen === text);
    }
    assert.equal(server.connections.length, 1);
  });

  it("in chunks gives every chunk, also with a taker that waits at each", async () => {
    const chunks = Array.from(
      { length: 50 },
      (_, n) => `${(n + 1).toString(16)}\r\n${"x".repeat(n + 1)}\r\n`,
    );
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`;
    await using server = await startRawServer({ onBytes: answering(() => answer) });
    await using pool = poolFor(server);
    for (let round = 0; round < 2; round += 1) {
      let bytes = 0;
      await (await pool.exchange(GET)).body.pump(async (piece) => {
        await Promise.resolve();
        bytes += piece.length;
      });
      assert.equal(bytes, (50 * 51) / 2);
    }
    assert.equal(server.connections.length, 1);
  });

  it("that nobody takes is not read: the backend has to wait", async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 1);
    const total = 64;
    let written = 0;
    await using server = await startRawServer({
      onBytes: ({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total * megabyte.length}\r\n\r\n`);
        const more = () => {
          while (written < total) {
            written += 1;
            if (!socket.write(megabyte)) return void socket.once("drain", more);
          }
        };
        more();
      },
    });
    await using pool = poolFor(server, 50);
    const { body } = await pool.exchange(GET);
    const gate = Promise.withResolvers<void>();
    let bytes = 0;
    const pumped = body.pumpBorrowed?.((piece) => {
      bytes += piece.length;
      return gate.promise;
    });
    // Longer than the time limit: waiting for the taker is not the backend's fault.
    await sleep(150);
    assert.ok(bytes <= megabyte.length, `${bytes} bytes taken`);
    assert.ok(written < total, "the server could write everything");
    gate.resolve();
    await pumped;
    assert.equal(bytes, total * megabyte.length);
  });

  it("cut short rejects and never ends cleanly", async () => {
    for (const [name, answer] of [
      ["length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"],
      ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"],
      ["no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
    ] as const) {
      for (const end of ["end", "resetAndDestroy"] as const) {
        await using server = await startRawServer({
          onBytes: ({ socket }) =>
            void socket.write(answer, () => setImmediate(() => socket[end]())),
        });
        await using pool = poolFor(server);
        await assert.rejects(pool.exchange(GET).then(textOf), isLost("answer"), `${name} ${end}`);
      }
    }
  });

  it("that is malformed rejects", async () => {
    await using server = await startRawServer({
      onBytes: answering(
        () => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      ),
    });
    await using pool = poolFor(server);
    await assert.rejects(pool.exchange(GET), isLost("answer"));
  });

  it("that does not come, or stops coming, is given up after the time limit", async () => {
    for (const begun of ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"]) {
      await using server = await startRawServer({
        onBytes: ({ socket }) => void socket.write(begun),
      });
      await using pool = poolFor(server, 30);
      await assert.rejects(pool.exchange(GET).then(textOf), isLost("stalled"));
    }
  });

  it("that nobody asks for is given up after the time limit", async () => {
    await using server = await startRawServer({
      onBytes: answering(() => ok("x".repeat(100_000))),
    });
    await using pool = poolFor(server, 30);
    const response = await pool.exchange(GET);
    await sleep(90);
    await assert.rejects(textOf(response), isLost("stalled"));
  });

  it("of which the taker wants no more breaks the connection, with the taker's error", async () => {
    await using server = await startRawServer({
      onBytes: answering(() => ok("x".repeat(10_000_000))),
    });
    await using pool = poolFor(server);
    const full = new Error("disk full");
    for (const take of [
      () => {
        throw full;
      },
      () => Promise.reject(full),
    ]) {
      await assert.rejects((await pool.exchange(GET)).body.pump(take), full);
    }
    assert.equal(server.connections.length, 2);
  });

  it("that is large and destroyed breaks the connection; a pump then tells why", async () => {
    await using server = await startRawServer({
      onBytes: answering(() => ok("x".repeat(10_000_000))),
    });
    await using pool = poolFor(server);
    const { body } = await pool.exchange(GET);
    const reason = new Error("only the headers were wanted");
    body.destroy(reason);
    body.destroy(new Error("again"));
    await assert.rejects(
      body.pump(() => {}),
      reason,
    );
    (await pool.exchange(GET)).body.destroy();
    assert.equal(server.connections.length, 2);
  });

  it("is broken off by the abort signal before and during the body", async () => {
    await using server = await startRawServer({
      onBytes: ({ socket, received }) =>
        void (
          received.includes("/slow") ||
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        ),
    });
    await using pool = poolFor(server);
    const reason = new Error("client left");
    const early = new AbortController();
    const refused = pool.exchange({ ...GET, target: "/slow", signal: early.signal });
    setTimeout(() => early.abort(reason), 5);
    await assert.rejects(refused, reason);
    const late = new AbortController();
    const { body } = await pool.exchange({ ...GET, signal: late.signal });
    await assert.rejects(
      body.pump(() => late.abort(reason)),
      reason,
    );
  });
});
