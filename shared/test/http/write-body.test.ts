import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { bodyOfPieces } from "../../src/http/body.ts";
import { writeBody } from "../../src/http/write-body.ts";
import { faultOf } from "../bus/bus-contract.ts";
import { endlessBody } from "./transfer-contract.ts";

const BATCH = 256 * 1024;

/** A writable that takes nothing until it is told to, and keeps how much it was asked to write at a time. */
class Gate extends Writable {
  readonly writes: number[] = [];
  #blocked: (() => void) | undefined;
  #isOpen = false;

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes.push(chunks.reduce((sum, { chunk }) => sum + chunk.byteLength, 0));
    if (this.#isOpen) done();
    else this.#blocked = done;
  }

  open(): void {
    this.#isOpen = true;
    this.#blocked?.();
  }
}

function listenersOf(writable: Writable): Record<string, number> {
  const events = ["drain", "close", "error", "finish"];
  return Object.fromEntries(events.map((event) => [event, writable.listenerCount(event)]));
}

describe("writeBody", () => {
  it("writes every byte in order, does not end the writable and leaves no listener for its life", async () => {
    const writable = new PassThrough();
    const before_ = listenersOf(writable);
    const text = writable.toArray();
    await writeBody(bodyOfPieces(["a", "", "bc"].map((part) => Buffer.from(part))), writable);
    assert.equal(writable.writableEnded, false);
    writable.end();
    assert.equal(Buffer.concat(await text).toString(), "abc");
    await turn();
    assert.equal(listenersOf(writable).drain, before_.drain);
  });

  it("resolves for an empty body", async () => {
    await writeBody(bodyOfPieces([]), new PassThrough());
  });

  it("gathers the pieces of one turn into one write", async () => {
    const gate = new Gate();
    gate.open();
    const pieces = Array.from({ length: 100 }, () => Buffer.alloc(100));
    await writeBody(
      {
        async pump(take) {
          for (const piece of pieces) await take(piece);
        },
        destroy: () => undefined,
      },
      gate,
    );
    assert.deepEqual(gate.writes, [10_000]);
  });

  it("holds the source back once 256 KiB wait, and resolves when the last is written", async () => {
    const gate = new Gate();
    let made = 0;
    const pieces = (function* () {
      for (; made < 100; made++) yield Buffer.alloc(10_000);
    })();
    let isDone = false;
    const written = writeBody(bodyOfPieces(pieces), gate).then(() => {
      isDone = true;
    });
    for (let i = 0; i < 200; i++) await turn();
    assert.ok(made * 10_000 <= BATCH + 10_000, `${made} pieces were taken`);
    assert.equal(isDone, false);
    gate.open();
    await written;
    assert.equal(made, 100);
  });

  it("does not resolve before the last piece is written", async () => {
    const gate = new Gate();
    let isDone = false;
    const written = writeBody(bodyOfPieces([Buffer.alloc(1)]), gate).then(() => {
      isDone = true;
    });
    for (let i = 0; i < 5; i++) await turn();
    assert.equal(isDone, false);
    gate.open();
    await written;
  });

  it("throws the body's error, with the writable left to the caller", async () => {
    const writable = new PassThrough();
    const failing = bodyOfPieces(
      (function* () {
        yield Buffer.from("a");
        throw new Error("tag differs");
      })(),
    );
    await assert.rejects(writeBody(failing, writable), /tag differs/);
    assert.equal(writable.destroyed, false);
    const closed = Promise.withResolvers<void>();
    writable.once("close", closed.resolve).destroy(new Error("known already"));
    await closed.promise;
    await turn();
    assert.deepEqual(listenersOf(writable), listenersOf(new PassThrough()));
  });

  it("destroys the body when the writable closes, is closed already, or the signal is aborted", async () => {
    const writable = new PassThrough();
    const body = endlessBody(Buffer.from("a"));
    const written = writeBody(body, writable);
    writable.destroy(new Error("reset"));
    await assert.rejects(written, faultOf("client.gone"));
    faultOf("client.gone")(await body.destroyed);

    const late = endlessBody(Buffer.from("a"));
    await assert.rejects(writeBody(late, writable), faultOf("client.gone"));
    await late.destroyed;

    const abort = new AbortController();
    const aborted = endlessBody(Buffer.from("a"));
    const stopped = writeBody(aborted, new PassThrough(), { signal: abort.signal });
    abort.abort(new Error("stopping"));
    await assert.rejects(stopped, /stopping/);
    await aborted.destroyed;
    const never = endlessBody(Buffer.from("a"));
    const { signal } = abort;
    await assert.rejects(writeBody(never, new PassThrough(), { signal }), /stopping/);
  });

  it("gives a reader up that takes nothing for too long", async () => {
    const body = bodyOfPieces(Array.from({ length: 60 }, () => Buffer.alloc(10_000)));
    const written = writeBody(body, new Gate(), { idleMs: 1 });
    await assert.rejects(written, faultOf("client.stalled"));
    const onIdle = () => new Error("too slow");
    const last = writeBody(bodyOfPieces([Buffer.alloc(1)]), new Gate(), { idleMs: 1, onIdle });
    await assert.rejects(last, /too slow/);
  });

  it("holds the source back while a client of an HTTP server does not read, and fails when it goes", async () => {
    const answered = Promise.withResolvers<unknown>();
    let made = 0;
    const endless = (function* () {
      for (;;) {
        made += 65_536;
        yield Buffer.alloc(65_536);
      }
    })();
    const server = createServer((_, response: ServerResponse) => {
      response.writeHead(200, { "content-length": 1e12 });
      writeBody(bodyOfPieces(endless), response).catch(answered.resolve);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await once(socket, "readable");
    let before_ = -1;
    while (made !== before_) {
      before_ = made;
      for (let i = 0; i < 100; i++) await turn();
    }
    socket.destroy();
    faultOf("client.gone")(await answered.promise);
    server.close();
  });
});
