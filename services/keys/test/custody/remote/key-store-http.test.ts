import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { KeyStoreHttp, type KeyStoreTls } from "../../../src/custody/remote/key-store-http.ts";
import { is } from "../../issued-header.ts";
import { makeIdentity } from "../../kmip/tls-server.ts";

describe("KeyStoreHttp", () => {
  let server: Server;
  let http: KeyStoreHttp;
  let seen: { url: string | undefined; headers: IncomingMessage["headers"]; body: string }[] = [];
  let answer: (response: ServerResponse) => void;
  const never = new AbortController().signal;
  const get = (signal = never) => http.send({ method: "GET", path: "/v1/x" }, signal);

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        seen.push({ url: request.url, headers: request.headers, body });
        answer(response);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    http = new KeyStoreHttp(new URL(`http://127.0.0.1:${port}/ignored`));
  });
  after(async () => {
    await http[Symbol.asyncDispose]();
    server.close();
  });

  it("sends bytes with their length, and gives the status and the bytes of the answer", async () => {
    seen = [];
    answer = (response) => response.writeHead(418).end("tea");
    const body = Buffer.from("ask");
    const headers = { "x-vault-token": "t" };
    const got = await http.send({ method: "POST", path: "/v1/y?z=1", headers, body }, never);
    assert.deepEqual([got.status, got.body.toString()], [418, "tea"]);
    assert.deepEqual([seen[0]?.url, seen[0]?.body], ["/v1/y?z=1", "ask"]);
    assert.equal(seen[0]?.headers["x-vault-token"], "t");
    assert.equal(seen[0]?.headers["content-length"], "3");
    assert.deepEqual(body, Buffer.from("ask"));
  });

  it("follows no redirect", async () => {
    seen = [];
    answer = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    assert.equal((await get()).status, 307);
    assert.equal(seen.length, 1);
  });

  it("takes no answer that is too long, cut short, or does not come", async () => {
    answer = (response) => response.end(Buffer.alloc(256 * 1024 + 1));
    await assert.rejects(get(), is("keys.unavailable"));
    answer = (response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("short");
      setImmediate(() => response.destroy());
    };
    await assert.rejects(get(), is("keys.unavailable"));
    answer = () => undefined;
    await assert.rejects(get(AbortSignal.timeout(20)), is("keys.unavailable"));
  });

  it("says that it can't be reached, with the reason and no address", async () => {
    await using nobody = new KeyStoreHttp(new URL("http://127.0.0.1:1"));
    await assert.rejects(nobody.send({ method: "GET", path: "/" }, never), (error) => {
      assert.ok(isFault(error, "keys.unavailable"));
      assert.match(error.message, /ECONNREFUSED/);
      assert.doesNotMatch(error.message, /127/);
      return true;
    });
  });
});

describe("KeyStoreHttp over TLS", () => {
  const identity = makeIdentity();
  after(() => identity.remove());
  const { cert, key } = identity.tls;

  it("is let in with its certificate by a server that it knows, or may take as it is, and not otherwise", async () => {
    const asks = { requestCert: true, rejectUnauthorized: true };
    const server = createTlsServer({ ...identity.tls, ...asks }, (_, response) => {
      response.end("in");
    }).listen(0, "127.0.0.1");
    after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const asked = async (tls: KeyStoreTls) => {
      await using http = new KeyStoreHttp(new URL(`https://127.0.0.1:${port}`), tls);
      const signal = AbortSignal.timeout(5000);
      return (await http.send({ method: "GET", path: "/" }, signal)).body.toString();
    };
    assert.equal(await asked({ ca: cert, cert, key, verifies: true }), "in");
    assert.equal(await asked({ cert, key, verifies: false }), "in");
    await assert.rejects(asked({ cert, key, verifies: true }), is("keys.unavailable"));
    await assert.rejects(asked({ ca: cert, verifies: true }), is("keys.unavailable"));
  });
});
