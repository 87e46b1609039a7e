import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { Fault } from "../../src/faults.ts";
import { TransferExchange } from "../../src/http/transfer-exchange.ts";
import { faultOf } from "../bus/bus-contract.ts";

const limits = { takeMs: 5000, answerMs: 5000, idleMs: 5000 };

describe("TransferExchange", () => {
  let server: Server;
  let port: number;
  let onRequest: (incoming: IncomingMessage, response: ServerResponse) => void;
  before(async () => {
    server = createServer();
    server.on("checkContinue", (...exchange: [IncomingMessage, ServerResponse]) =>
      onRequest(...exchange),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  function open(more: { limits?: typeof limits; signal?: AbortSignal } = {}): TransferExchange {
    const headers = { expect: "100-continue", "transfer-encoding": "chunked" };
    const asked = request({ host: "127.0.0.1", port, method: "POST", headers, agent: false });
    return new TransferExchange(asked, more.signal, more.limits ?? limits);
  }

  it("is taken with the go-ahead, and answered after the end", async () => {
    onRequest = (incoming, response) => {
      response.writeContinue();
      incoming.resume().on("end", () => response.end("done"));
    };
    const exchange = open();
    await exchange.taken;
    exchange.request.end("body");
    assert.equal((await exchange.answered()).statusCode, 200);
    assert.equal(exchange.failure, undefined);
    exchange.close(new Error("read"));
  });

  it("is not taken where the worker refuses, with the worker's fault", async () => {
    onRequest = (_, response) => {
      response.writeHead(503, { "x-s3eg-fault": "limit.busy" });
      response.end(JSON.stringify({ code: "limit.busy", message: "busy", details: {} }));
    };
    const exchange = open();
    await assert.rejects(exchange.taken, faultOf("limit.busy"));
    await assert.rejects(exchange.answered(), faultOf("limit.busy"));
    exchange.close(new Error("refused"));
  });

  it("reports a failure after it was taken once, to whoever sends", async () => {
    onRequest = (incoming, response) => {
      response.writeContinue();
      incoming.once("data", () => incoming.destroy());
    };
    const exchange = open();
    const failed = Promise.withResolvers<unknown>();
    exchange.onFailure = failed.resolve;
    await exchange.taken;
    exchange.request.write("a");
    faultOf("transfer.broken")(await failed.promise);
    await assert.rejects(exchange.answered(), faultOf("transfer.broken"));
    assert.equal(exchange.isStale, false);
  });

  it("takes a success before the end of the body for a broken transfer", async () => {
    onRequest = (_, response) => response.end("done");
    const exchange = open();
    await assert.rejects(exchange.taken, faultOf("transfer.broken"));
    exchange.close(new Error("broken"));
  });

  it("gives up on a worker that neither takes nor answers in time", async () => {
    const silent: ServerResponse[] = [];
    onRequest = (_, response) => silent.push(response);
    const untaken = open({ limits: { ...limits, takeMs: 20 } });
    await assert.rejects(untaken.taken, faultOf("crypto.unavailable"));
    onRequest = (_, response) => response.writeContinue();
    const unanswered = open({ limits: { ...limits, answerMs: 20 } });
    await unanswered.taken;
    unanswered.request.end();
    await assert.rejects(unanswered.answered(), faultOf("transfer.broken"));
  });

  it("does not hold it against a worker that its own process was busy", async () => {
    onRequest = (incoming, response) => {
      response.writeContinue();
      incoming.resume().on("end", () => response.end("done"));
      const busyUntil = performance.now() + 1100;
      while (performance.now() < busyUntil);
    };
    const exchange = open({ limits: { ...limits, takeMs: 1000 } });
    await exchange.taken;
    exchange.request.end();
    assert.equal((await exchange.answered()).statusCode, 200);
    exchange.close(new Error("read"));
  });

  it("fails with the signal's reason, and lets go of the signal when closed", async () => {
    onRequest = (_, response) => response.writeContinue();
    const abort = new AbortController();
    const exchange = open({ signal: abort.signal });
    await exchange.taken;
    const reason = new Fault("client.gone", "client went away");
    abort.abort(reason);
    await assert.rejects(exchange.answered(), (error) => error === reason);
    const late = open({ signal: abort.signal });
    await assert.rejects(late.taken, (error) => error === reason);
    assert.equal(late.request.destroyed, true);
  });
});
