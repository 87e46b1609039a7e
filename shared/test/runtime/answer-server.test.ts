import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { isFault } from "../../src/faults.ts";
import { jsonAnswer, type SmallAnswer, serveAnswers } from "../../src/runtime/answer-server.ts";
import { createLog } from "../../src/runtime/log.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };

function quietLog() {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  return { log: createLog({ service: "test", level: "info", destination }), lines };
}

describe("serveAnswers", () => {
  it("gives the answerer the body when it asks for it, and none that is too large", async () => {
    const { log } = quietLog();
    await using server = await serveAnswers({
      address: LOCAL,
      log,
      answer: async ({ text }) => {
        const body = await text().catch((error: unknown) => error);
        return jsonAnswer(200, isFault(body) ? body.code : body);
      },
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const sent = async (body: string) => await (await fetch(url, { method: "POST", body })).json();
    assert.equal(await sent("a body"), "a body");
    assert.equal(await sent(""), "");
    assert.equal(await sent("x".repeat(20_000)), "limit.body-too-large");
    assert.equal(await sent("x".repeat(4_000_000)), "limit.body-too-large");
    assert.equal(await (await fetch(url)).json(), "");
  });

  it("sends status, headers and body, and the length alone to HEAD", async () => {
    const { log } = quietLog();
    await using server = await serveAnswers({
      address: LOCAL,
      log,
      answer: async (request) => jsonAnswer(418, request, { "x-tea": "pot" }),
    });
    const url = `http://127.0.0.1:${server.port}/a%20b?query=1`;
    const got = await fetch(url, { headers: { authorization: "Bearer x" } });
    assert.equal(got.status, 418);
    assert.equal(got.headers.get("x-tea"), "pot");
    assert.equal(got.headers.get("cache-control"), "no-store");
    assert.deepEqual(await got.json(), {
      method: "GET",
      path: "/a%20b",
      query: "query=1",
      authorization: "Bearer x",
      clientIp: "127.0.0.1",
    });
    const head = await fetch(url, { method: "HEAD" });
    assert.ok(Number(head.headers.get("content-length")) > 0);
    assert.equal(await head.text(), "");
  });

  it("tells the answerer that a body broke off", async () => {
    const { log } = quietLog();
    const asked = Promise.withResolvers<void>();
    const { promise: told, resolve } = Promise.withResolvers<unknown>();
    await using server = await serveAnswers({
      address: LOCAL,
      log,
      answer: async ({ text }) => {
        asked.resolve();
        resolve(await text().catch((error: unknown) => error));
        return jsonAnswer(200, {});
      },
    });
    const socket = connect(server.port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    await asked.promise;
    socket.resetAndDestroy();
    assert.ok(isFault(await told, "client.gone"));
  });

  it("answers 500 with nothing in it when the answerer fails, and logs why", async () => {
    const { log, lines } = quietLog();
    await using server = await serveAnswers({
      address: LOCAL,
      log,
      answer: () => Promise.reject(new Error("hush")),
    });
    const got = await fetch(`http://127.0.0.1:${server.port}/`);
    assert.equal(got.status, 500);
    assert.equal(await got.text(), "");
    assert.match(lines.join(""), /hush/);
  });

  it("lets a running answer end before it closes, and takes no new ones", async () => {
    const { log } = quietLog();
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<SmallAnswer>();
    const server = await serveAnswers({
      address: LOCAL,
      log,
      answer: () => {
        asked.resolve();
        return gate.promise;
      },
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const slow = fetch(url, { headers: { connection: "close" } });
    await asked.promise;
    const closing = server[Symbol.asyncDispose]();
    await assert.rejects(fetch(url));
    gate.resolve({ status: 200, body: "late" });
    assert.equal(await (await slow).text(), "late");
    await closing;
  });

  it("refuses headers beyond the limit", async () => {
    const { log } = quietLog();
    await using server = await serveAnswers({
      address: LOCAL,
      log,
      maxHeaderBytes: 1024,
      answer: async () => ({ status: 200, body: "" }),
    });
    const headers = { "x-long": "x".repeat(2000) };
    const got = await fetch(`http://127.0.0.1:${server.port}/`, { headers });
    assert.equal(got.status, 431);
  });

  it("rejects when the port is taken", async () => {
    const { log } = quietLog();
    const answer = async () => ({ status: 200, body: "" });
    await using server = await serveAnswers({ address: LOCAL, log, answer });
    const address = { host: "127.0.0.1", port: server.port };
    await assert.rejects(serveAnswers({ address, log, answer }), { code: "EADDRINUSE" });
  });
});
