import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { WireRequest, WireResponse } from "../../src/backend/carrier.ts";
import { ReadBuffers } from "../../src/backend/read-buffers.ts";
import { UndiciCarrier } from "../../src/backend/undici-carrier.ts";
import { isFault } from "../../src/faults.ts";
import { answering, ok, startRawServer } from "./raw-server.ts";

const GET: WireRequest = { method: "GET", target: "/b?list-type=2", headers: { host: "h" } };

function carrierFor(server: { port: number }, idleMs = 5000): UndiciCarrier {
  return new UndiciCarrier(
    {
      host: "127.0.0.1",
      port: server.port,
      timeouts: { connectMs: 5000, headersMs: idleMs, idleMs },
      keepIdleMs: 4000,
      buffers: new ReadBuffers(),
    },
    1,
  );
}

async function textOf({ body }: WireResponse): Promise<string> {
  let text = "";
  await body.pump(async (piece) => {
    await Promise.resolve();
    text += Buffer.from(piece).toString("latin1");
  });
  return text;
}

const isLost = (phase: string) => (error: unknown) =>
  isFault(error, "backend.unavailable") && error.details.phase === phase;

describe("UndiciCarrier", () => {
  it("keeps its connection, also after HEAD and after an answer nobody wanted", async () => {
    await using server = await startRawServer({
      onBytes: answering((head) =>
        head.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : ok("hello"),
      ),
    });
    await using carrier = carrierFor(server);
    for (let n = 0; n < 3; n += 1) {
      const head = await carrier.exchange({ ...GET, method: "HEAD" });
      assert.equal(head.headers["content-length"], "5");
      assert.equal(await textOf(head), "");
      (await carrier.exchange(GET)).body.destroy();
      assert.equal(await textOf(await carrier.exchange(GET)), "hello");
    }
    assert.equal(server.connections.length, 1);
  });

  it("sends target and header bytes as they are, and takes header bytes as they come", async () => {
    const seen: string[] = [];
    await using server = await startRawServer({
      onBytes: answering((head) => {
        seen.push(head);
        return "HTTP/1.1 204 x\r\nx-a: \u00fc\r\nVary: 1\r\nVary: 2\r\n\r\n";
      }),
    });
    await using carrier = carrierFor(server);
    const { headers } = await carrier.exchange({
      method: "DELETE",
      target: "/b/a%2Fb//../c?x=%20",
      headers: { host: "other:1", "x-amz-meta-a": "\u00c3\u00a4\u00ff" },
    });
    assert.deepEqual(headers, { "x-a": "\u00fc", vary: "1, 2" });
    const [sent = ""] = seen;
    assert.ok(sent.startsWith("DELETE /b/a%2Fb//../c?x=%20 HTTP/1.1\r\nhost: other:1\r\n"), sent);
    assert.ok(sent.endsWith("\r\nx-amz-meta-a: \u00c3\u00a4\u00ff"));
  });

  it("tells a length of 0 for a PUT without a body", async () => {
    const seen: string[] = [];
    await using server = await startRawServer({
      onBytes: answering((head) => {
        seen.push(head);
        return ok("");
      }),
    });
    await using carrier = carrierFor(server);
    await carrier.exchange({ ...GET, method: "PUT" });
    assert.match(seen[0] ?? "", /\r\ncontent-length: 0$/);
  });

  it("reads no more than it must while nobody takes", async () => {
    const text = "x".repeat(50_000_000);
    let isFlushed = false;
    await using server = await startRawServer({
      onBytes: ({ socket }) => {
        socket.write(ok(text), () => {
          isFlushed = true;
        });
      },
    });
    await using carrier = carrierFor(server);
    const response = await carrier.exchange(GET);
    await sleep(50);
    assert.equal(isFlushed, false);
    assert.equal((await textOf(response)).length, text.length);
  });

  it("rejects an answer that is cut short, malformed, late, or ambiguous", async () => {
    const cases = [
      ["answer", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "end"],
      ["answer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "end"],
      [
        "answer",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "keep",
      ],
      [
        "answer",
        "HTTP/1.1 206 x\r\nContent-Range: a\r\nContent-Range: b\r\nContent-Length: 0\r\n\r\n",
        "keep",
      ],
      ["answer", "nonsense\r\n\r\n", "keep"],
      ["reset", "", "end"],
      ["stalled", "", "keep"],
      ["stalled", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "keep"],
    ] as const;
    // All at once: undici looks at its time limits about once a second.
    await Promise.all(
      cases.map(async ([phase, answer, end]) => {
        await using server = await startRawServer({
          onBytes: ({ socket }) => {
            socket.write(answer);
            if (end === "end") socket.end();
          },
        });
        await using carrier = carrierFor(server, 20);
        const text = carrier.exchange(GET).then(textOf);
        await assert.rejects(text, isLost(phase), `${phase} ${answer}`);
      }),
    );
  });

  it("says that nothing was sent when it cannot connect", async () => {
    const server = await startRawServer({});
    await using carrier = carrierFor(server);
    await server[Symbol.asyncDispose]();
    await assert.rejects(carrier.exchange(GET), isLost("connect"));
  });

  it("refuses what could break out of a line", async () => {
    await using server = await startRawServer({});
    await using carrier = carrierFor(server);
    const wrong = async (request: WireRequest) => carrier.exchange(request);
    await assert.rejects(wrong({ ...GET, headers: { a: "b\r\nc: d" } }), (e) =>
      isFault(e, "input.invalid"),
    );
    await assert.rejects(wrong({ ...GET, target: "/a b" }), (e) => isFault(e, "input.invalid"));
    assert.equal(server.connections.length, 0);
  });

  it("is broken off by the abort signal at any time, with its reason", async () => {
    await using server = await startRawServer({
      onBytes: ({ socket, received }) =>
        void (
          received.includes("/slow") ||
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        ),
    });
    await using carrier = carrierFor(server);
    const reason = new Error("client left");
    await assert.rejects(carrier.exchange({ ...GET, signal: AbortSignal.abort(reason) }), reason);
    const early = new AbortController();
    const refused = carrier.exchange({ ...GET, target: "/slow", signal: early.signal });
    early.abort(reason);
    await assert.rejects(refused, reason);
    const late = new AbortController();
    const { body } = await carrier.exchange({ ...GET, signal: late.signal });
    await assert.rejects(
      body.pump(() => late.abort(reason)),
      reason,
    );
  });

  it("gives up when the taker throws or the body is destroyed while it is pumped", async () => {
    await using server = await startRawServer({
      onBytes: answering(() => ok("x".repeat(1_000_000))),
    });
    await using carrier = carrierFor(server);
    const reason = new Error("enough");
    const thrown = await carrier.exchange(GET);
    await assert.rejects(
      thrown.body.pump(() => {
        throw reason;
      }),
      reason,
    );
    const { body } = await carrier.exchange(GET);
    await assert.rejects(
      body.pump(() => body.destroy(reason)),
      reason,
    );
    const unwanted = await carrier.exchange(GET);
    unwanted.body.destroy(reason);
    await assert.rejects(textOf(unwanted), reason);
  });
});
