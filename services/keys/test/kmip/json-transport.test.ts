import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { KeyStoreHttp } from "../../src/custody/remote/key-store-http.ts";
import { bytesOf } from "../../src/kmip/item.ts";
import { JsonTransport } from "../../src/kmip/json-transport.ts";
import type { KmipQuestion } from "../../src/kmip/messages.ts";
import { is } from "../issued-header.ts";
import { payload, recordedQuestions } from "./questions.ts";
import { recording } from "./recordings.ts";

const signal = new AbortController().signal;
const { exchanges, keyId } = recording("cosmian-json");
const questions = recordedQuestions(keyId);

function question(name: string): KmipQuestion {
  const found = questions[name];
  assert.ok(found);
  return found;
}

describe("JsonTransport", () => {
  const server = createServer();
  let answering: (path: string, body: string) => { status: number; body: string };
  let transport: JsonTransport;
  beforeEach(async () => {
    answering = (_, body) => {
      const found = exchanges.find(({ request }) => request === body);
      return { status: found?.status ?? 500, body: found?.answer ?? "not recorded" };
    };
    server.removeAllListeners("request").on("request", (request: IncomingMessage, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (piece: string) => {
        body += piece;
      });
      request.on("end", () => {
        const answer = answering(request.url ?? "", body);
        response.writeHead(answer.status).end(answer.body);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const http = new KeyStoreHttp(new URL(`http://127.0.0.1:${port}`));
    transport = new JsonTransport(http, "/kmip/2_1");
  });
  afterEach(async () => {
    await transport[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });

  it("asks and is answered as by a real server", async () => {
    let path = "";
    const recorded = answering;
    answering = (asked, body) => {
      path = asked;
      return recorded(asked, body);
    };
    const decrypted = await transport.ask(question("decrypt"), signal);
    assert.ok("payload" in decrypted);
    assert.deepEqual(bytesOf(decrypted.payload, "Data"), payload);
    assert.equal(path, "/kmip/2_1");
    const refused = await transport.ask(question("other binding"), signal);
    assert.equal("reason" in refused && refused.reason, 0x0a);
  });

  for (const [status, code] of [
    [401, "keys.denied"],
    [404, "keys.denied"],
    [422, "keys.denied"],
    [429, "keys.unavailable"],
    [500, "keys.unavailable"],
    [302, "keys.unavailable"],
  ] as const) {
    it(`takes status ${status} for ${code}, and says nothing of the answer`, async () => {
      const secret = payload.toString("hex");
      answering = () => ({ status, body: `words of the server: "${secret}"` });
      await assert.rejects(transport.ask(question("decrypt"), signal), (error: Error) => {
        assert.ok(!error.message.includes("words"));
        assert.match(String(error.cause), /words/);
        assert.ok(!String(error.cause).includes(secret.slice(0, 20)));
        return is(code)(error);
      });
    });
  }

  it("takes a page for no answer", async () => {
    answering = () => ({ status: 200, body: "<html>" });
    await assert.rejects(transport.ask(question("encrypt"), signal), is("keys.unavailable"));
  });
});
