import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { Fault, isFault } from "../../src/faults.ts";
import { collectBody } from "../../src/http/body.ts";
import { bodyOfReadable } from "../../src/http/node-body.ts";
import { faultOf } from "../bus/bus-contract.ts";

const noLimit = () => new Error("too large");

function unexpected(): never {
  assert.fail("not expected");
}

/** Events on which something listens. */
function listenersOf(stream: Readable): string[] {
  const ours = ["data", "end", "error", "close", "aborted"];
  return ours.filter((event) => stream.listenerCount(event) > 0);
}

describe("the body of a readable", () => {
  it("is its bytes, and leaves no listener behind", async () => {
    const stream = new PassThrough();
    const before_ = listenersOf(stream);
    const body = bodyOfReadable(stream);
    const collected = collectBody(body, 100, noLimit);
    stream.write("ab");
    await turn();
    stream.end("c");
    assert.equal((await collected).toString(), "abc");
    await turn();
    assert.deepEqual(listenersOf(stream), before_);
    body.destroy();
    await body.pump(unexpected);
  });

  it("is empty where the stream is", async () => {
    const body = bodyOfReadable(Readable.from([]));
    assert.equal((await collectBody(body, 0, noLimit)).byteLength, 0);
  });

  it("hands pieces over one at a time while the taker holds it back, and not the end before the last is taken", async () => {
    const pieces = Array.from({ length: 50 }, (_, index) => Buffer.from([index]));
    const taken: number[] = [];
    let isBusy = false;
    await bodyOfReadable(Readable.from(pieces)).pump(async (piece) => {
      assert.equal(isBusy, false);
      isBusy = true;
      await turn();
      isBusy = false;
      taken.push(piece[0] ?? -1);
    });
    assert.deepEqual(taken, [...pieces.keys()]);
  });

  it("reads no more than the stream's buffer ahead of a taker that holds it back", async () => {
    let made = 0;
    const stream = new Readable({
      highWaterMark: 4000,
      read() {
        made += 1000;
        this.push(Buffer.alloc(1000));
      },
    });
    const hold = Promise.withResolvers<void>();
    const body = bodyOfReadable(stream);
    const pumped = body.pump(() => hold.promise);
    for (let i = 0; i < 20; i++) await turn();
    assert.ok(made <= 6000, `${made} bytes were read`);
    body.destroy(new Error("enough"));
    hold.resolve();
    await assert.rejects(pumped, /enough/);
  });

  for (const [how, fail] of [
    ["throws", () => assert.fail("take failed")],
    ["rejects", () => Promise.reject(new Error("take failed"))],
  ] as const) {
    it(`gives up and destroys the stream when the taker ${how}`, async () => {
      const stream = new PassThrough();
      stream.write("a");
      await assert.rejects(bodyOfReadable(stream).pump(fail), /take failed/);
      assert.equal(stream.destroyed, true);
      await turn();
      assert.deepEqual(listenersOf(stream).includes("data"), false);
    });
  }

  it("is client.gone, or what is said instead, when the stream closes before its end", async () => {
    const cause = new Error("reset");
    const stream = new PassThrough();
    const pumped = bodyOfReadable(stream).pump(() => undefined);
    stream.destroy(cause);
    const error = await pumped.catch((thrown: unknown) => thrown);
    assert.ok(isFault(error, "client.gone"));
    assert.equal(error.cause, cause);

    const other = new PassThrough();
    const goneFault = (why: unknown) => new Fault("transfer.broken", "gone", { cause: why });
    const body = bodyOfReadable(other, { goneFault });
    other.destroy();
    await turn();
    await assert.rejects(body.pump(unexpected), faultOf("transfer.broken"));
  });

  it("rejects with the reason it was destroyed for, before or during the pump", async () => {
    const stream = new PassThrough();
    const body = bodyOfReadable(stream);
    body.destroy(new Error("not wanted"));
    await assert.rejects(body.pump(unexpected), /not wanted/);
    assert.equal(stream.destroyed, true);
    await turn();
    assert.deepEqual(listenersOf(stream), listenersOf(new PassThrough()));
  });

  it("ends when no piece comes for too long, but not while the taker is the slow one", async () => {
    const stream = new PassThrough();
    stream.write("a");
    const hold = Promise.withResolvers<void>();
    const body = bodyOfReadable(stream, { idleMs: 15 });
    const pumped = body.pump(() => hold.promise);
    await sleep(60);
    assert.equal(stream.destroyed, false);
    hold.resolve();
    await assert.rejects(pumped, faultOf("client.stalled"));
    assert.equal(stream.destroyed, true);
  });

  it("ends when pieces are too small for too long, but not while the taker is the slow one", async () => {
    const watched = { idleMs: 30, minBytesPerSecond: 1_000_000 };
    const dripping = new PassThrough();
    const drip = setInterval(() => dripping.write("a"), 5);
    const pumped = bodyOfReadable(dripping, watched).pump(() => undefined);
    await assert.rejects(pumped, faultOf("client.stalled"));
    clearInterval(drip);
    const held = new PassThrough();
    const collected: string[] = [];
    const pumping = bodyOfReadable(held, watched).pump(async (piece) => {
      collected.push(String(piece));
      await sleep(40);
    });
    held.write("a");
    await sleep(20);
    held.end("b");
    await pumping;
    assert.deepEqual(collected, ["a", "b"]);
  });

  it("says what it is told to say when it stalls", async () => {
    const onIdle = () => new Error("too slow");
    const pumped = bodyOfReadable(new PassThrough(), { idleMs: 1, onIdle }).pump(unexpected);
    await assert.rejects(pumped, /too slow/);
  });
});

describe("the body of a request that a server received", () => {
  let server: Server;
  let onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  before(async () => {
    server = createServer((request, response) => onRequest(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  function send(text: string): Socket {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.on("error", () => undefined).write(text);
    return socket;
  }

  it("is client.gone when the client closes half way", async () => {
    for (const framing of ["content-length: 10", "transfer-encoding: chunked"]) {
      const failed = Promise.withResolvers<unknown>();
      const isTaken = Promise.withResolvers<void>();
      onRequest = (request) => {
        const pumped = bodyOfReadable(request).pump(() => isTaken.resolve());
        pumped.then(unexpected, failed.resolve);
      };
      const socket = send(`PUT / HTTP/1.1\r\nhost: a\r\n${framing}\r\n\r\n3\r\nabc\r\n`);
      await isTaken.promise;
      socket.destroy();
      faultOf("client.gone")(await failed.promise);
    }
  });

  it("keeps the connection for the answer when the taker gives up", async () => {
    onRequest = (request, response) => {
      const pumped = bodyOfReadable(request).pump(() => assert.fail("bad digest"));
      pumped.catch(() => response.writeHead(400, { connection: "close" }).end("no"));
    };
    const socket = send("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc");
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1.1 400 /);
    socket.destroy();
  });
});
