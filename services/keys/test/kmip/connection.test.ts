import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { KmipConnection } from "../../src/kmip/connection.ts";
import { is } from "../issued-header.ts";
import { recording } from "./recordings.ts";
import { type Answering, makeIdentity, TlsDouble } from "./tls-server.ts";

const never = new AbortController().signal;
const [recorded] = recording("pykmip").exchanges;
const request = Buffer.from(recorded?.request ?? "", "hex");
const answer = Buffer.from(recorded?.answer ?? "", "hex");

describe("KmipConnection", () => {
  const identity = makeIdentity();
  after(() => identity.remove());

  async function connected(answering: Answering) {
    const server = await TlsDouble.start(identity, answering);
    const where = { host: "127.0.0.1", port: server.port, tls: identity.tls };
    const connection = await KmipConnection.open(where, never);
    const dispose = async () => {
      connection.destroy();
      await server[Symbol.asyncDispose]();
    };
    return { server, where, connection, [Symbol.asyncDispose]: dispose };
  }

  it("sends a message and gives the next one, however it is cut", async () => {
    await using made = await connected((_, socket) => {
      for (const byte of answer) socket.write(Buffer.of(byte));
    });
    for (let n = 0; n < 3; n += 1) {
      assert.deepEqual(await made.connection.exchange(request, never), answer);
    }
    assert.ok(made.connection.isOpen);
  });

  for (const [what, bytes] of [
    ["no KMIP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["a request", request],
    ["an answer without end", Buffer.from("42007b01ffffffff", "hex")],
    ["two answers", Buffer.concat([answer, answer])],
  ] as const) {
    it(`ends where the server sends ${what}`, async () => {
      await using made = await connected((_, socket) => socket.write(bytes));
      const exchange = made.connection.exchange(request, never);
      await assert.rejects(exchange, is("keys.unavailable"));
      assert.equal(made.connection.isOpen, false);
      await assert.rejects(made.connection.exchange(request, never), is("keys.unavailable"));
    });
  }

  it("ends where the server hangs up in the middle of an answer", async () => {
    await using made = await connected((_, socket) => socket.end(answer.subarray(0, 40)));
    const exchange = made.connection.exchange(request, never);
    await assert.rejects(exchange, is("keys.unavailable"));
  });

  it("ends when the time is up, before and while it asks", async () => {
    await using made = await connected(() => undefined);
    const limit = new AbortController();
    const exchange = made.connection.exchange(request, limit.signal);
    limit.abort();
    await assert.rejects(exchange, is("keys.unavailable"));
    assert.equal(made.connection.isOpen, false);
    await using other = await connected(() => undefined);
    const late = other.connection.exchange(request, limit.signal);
    await assert.rejects(late, is("keys.unavailable"));
    await assert.rejects(KmipConnection.open(other.where, limit.signal));
  });

  it("is not made to a server that is not there or not the one it should be", async () => {
    await using made = await connected(() => undefined);
    const stranger = makeIdentity();
    after(() => stranger.remove());
    const untrusted = { ...made.where, tls: { ...identity.tls, ca: stranger.tls.ca } };
    await assert.rejects(KmipConnection.open(untrusted, never), is("keys.unavailable"));
    const nowhere = { ...made.where, port: 1 };
    await assert.rejects(KmipConnection.open(nowhere, never), is("keys.unavailable"));
  });
});
