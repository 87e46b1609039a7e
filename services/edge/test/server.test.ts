import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { bodyOfPieces } from "@s3eg/shared/http/body.ts";
import { runningEdge } from "./running-edge.ts";

const BIG = "x".repeat(300_000);

describe("Expect: 100-continue", () => {
  it("gets 100 once everything about the head was found right, then the answer", async () => {
    await using edge = await runningEdge();
    using client = await edge.connect();
    const put = { method: "PUT", path: "/photos/cat", body: "meow" };
    client.write(edge.head({ ...put, headers: { expect: "100-Continue" } }));
    assert.equal(await client.until(/\r\n\r\n$/), "HTTP/1.1 100 Continue\r\n\r\n");
    client.write("meow");
    assert.match(await client.until(/200 OK[\s\S]*\r\n\r\n$/), /etag: "/);
  });

  it("gets 100 for an empty body too", async () => {
    await using edge = await runningEdge();
    using client = await edge.connect();
    const headers = { expect: "100-continue" };
    client.write(edge.head({ method: "PUT", path: "/photos/cat", body: "", headers }));
    await client.until(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  for (const [what, change] of [
    [
      "a signature that is wrong",
      (head: string) => head.replace(/Signature=..../, "Signature=0000"),
    ],
    ["no signature", (head: string) => head.replace(/authorization: .*\r\n/, "")],
  ] as const) {
    it(`gets 403 and no 100 for ${what}`, async () => {
      await using edge = await runningEdge();
      using client = await edge.connect();
      const headers = { expect: "100-continue" };
      client.write(change(edge.head({ method: "PUT", path: "/b/k", body: BIG, headers })));
      const answer = await client.all();
      assert.match(answer, /^HTTP\/1.1 403 Forbidden\r\n/);
      assert.match(answer, /\r\nconnection: close\r\n/i);
    });
  }

  for (const [code, headers, status] of [
    ["InvalidDigest", { "content-md5": "no" }, 400],
    ["InvalidArgument", { "x-amz-meta-s3eg": "x" }, 400],
    ["ServiceUnavailable", {}, 503],
  ] as const) {
    it(`gets ${code} and no 100 when that is known before the body`, async () => {
      await using edge = await runningEdge();
      if (status === 503) edge.crypto.fault = new Fault("crypto.unavailable", "no worker");
      using client = await edge.connect();
      const expecting = { expect: "100-continue", ...headers };
      client.write(edge.head({ method: "PUT", path: "/b/k", body: BIG, headers: expecting }));
      const answer = await client.all();
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(answer, new RegExp(`<Code>${code}</Code>`));
    });
  }

  it("is ignored when it is anything else", async () => {
    await using edge = await runningEdge();
    const headers = { expect: "the-unexpected" };
    const put = { method: "PUT", path: "/photos/cat", body: "meow", headers };
    assert.equal((await edge.send(put)).status, 200);
  });
});

describe("a body that was left unread", () => {
  for (const headers of [{}, { expect: "the-unexpected" }]) {
    it(`is drained, and the connection closed after the answer ${JSON.stringify(headers)}`, async () => {
      await using edge = await runningEdge();
      using client = await edge.connect();
      const head = edge.head({ method: "PUT", path: "/b/k", body: BIG, headers });
      client.write(head.replace(/Signature=..../, "Signature=0000"));
      const answer = await client.until(/<\/Error>$/);
      assert.match(answer, /\r\nconnection: close\r\n/i);
      client.write(BIG);
      assert.match(await client.all(), /<\/Error>$/);
    });
  }

  it("is drained too when it was asked for with 100 and then not wanted", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => undefined;
    using client = await edge.connect();
    const headers = { expect: "100-continue" };
    const body = `<Delete>${"x".repeat(9_000_000)}</Delete>`;
    client.write(edge.head({ method: "POST", path: "/photos?delete", body, headers }));
    await client.until(/100 Continue/);
    client.write(body);
    assert.match(await client.all(), /<Code>MalformedXML<\/Code>/);
  });

  it("does not desync a connection when it was small enough to arrive whole", async () => {
    await using edge = await runningEdge();
    using client = await edge.connect();
    const get = edge.head({ method: "GET", path: "/photos/none", body: "GET /evil" });
    client.write(`${get}GET /evil`);
    await client.until(/<Code>NoSuchKey<\/Code>[\s\S]*<\/Error>$/);
    assert.equal(edge.done.length, 1);
  });
});

describe("requests that two readers could read differently", () => {
  for (const name of ["Host", "Authorization", "X-Amz-Date", "X-Amz-Content-Sha256"]) {
    it(`are refused: a second ${name}`, async () => {
      await using edge = await runningEdge();
      using client = await edge.connect();
      const head = edge.head({ method: "GET", path: "/photos/cat" });
      client.write(head.replace("\r\n\r\n", `\r\n${name}: other\r\n\r\n`));
      const answer = await client.until(/<\/Error>/);
      assert.match(answer, /^HTTP\/1.1 400 [\s\S]*<Code>InvalidRequest<\/Code>/);
    });
  }

  for (const [what, lines] of [
    ["a second Content-Length", "Content-Length: 4\r\nContent-Length: 5\r\n"],
    [
      "Content-Length beside Transfer-Encoding",
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    ],
    ["a folded line", "X-A: b\r\n c\r\n"],
    ["a space before the colon", "X-A : b\r\n"],
    ["a bare line feed in a value", "X-A: b\nX-B: c\r\n"],
  ] as const) {
    it(`are refused and the connection closed: ${what}`, async () => {
      await using edge = await runningEdge();
      using client = await edge.connect();
      client.write(`PUT /photos/cat HTTP/1.1\r\nHost: h\r\n${lines}\r\nmeow`);
      const answer = await client.all();
      assert.match(answer, /^HTTP\/1.1 (?:400 |403 )/);
      assert.equal(edge.backend.kept.length, 0);
    });
  }

  for (const target of [
    "http://127.0.0.1/photos/cat",
    "photos/cat",
    "*",
    "/photos/%zz",
    "/photos/%ff",
  ]) {
    it(`are refused: the target ${target}`, async () => {
      await using edge = await runningEdge();
      using client = await edge.connect();
      client.write(`GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
      assert.match(await client.all(), /^HTTP\/1.1 400 /);
      assert.equal(edge.backend.kept.length, 0);
    });
  }
});

describe("a client that goes away", () => {
  it("in the middle of its body leaves the old object as it was", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "old" });
    const before = edge.backend.objects.get("photos/cat");
    using client = await edge.connect();
    client.write(edge.head({ method: "PUT", path: "/photos/cat", body: BIG }));
    client.write("x".repeat(1000));
    while (edge.crypto.seals.length < 2) await new Promise(setImmediate);
    client.socket.destroy();
    while (edge.done.length < 2) await new Promise(setImmediate);
    assert.equal(edge.backend.objects.get("photos/cat"), before);
    const [, fact] = edge.done;
    assert.deepEqual([fact?.status, fact?.error, fact?.success], [499, "IncompleteBody", false]);
  });

  it("while it takes an answer destroys what was on its way", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: BIG });
    const destroyed = Promise.withResolvers<void>();
    edge.crypto.openedBody = (plaintext) => ({
      async pump(take) {
        await take(plaintext.subarray(0, 10));
        await destroyed.promise;
        throw new Error("given up");
      },
      destroy: () => destroyed.resolve(),
    });
    using client = await edge.connect();
    client.write(edge.head({ method: "GET", path: "/photos/cat" }));
    await client.until(/\r\n\r\nx/);
    client.socket.destroy();
    await destroyed.promise;
  });
});

describe("an answer that fails after its head", () => {
  it("cuts the connection instead of ending it, and is logged as ours", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: BIG });
    edge.crypto.openedBody = (plaintext) =>
      bodyOfPieces(
        (function* () {
          yield plaintext.subarray(0, 100_000);
          throw new Fault("crypto.integrity", "chunk 2 does not verify");
        })(),
      );
    await assert.rejects(edge.send({ method: "GET", path: "/photos/cat" }), { code: "ECONNRESET" });
    while (edge.done.length < 2) await new Promise(setImmediate);
    const [, fact] = edge.done;
    assert.deepEqual([fact?.status, fact?.error, fact?.success], [499, "InternalError", false]);
    assert.equal(edge.log.lines.at(-1)?.level, "error");
  });
});

describe("the S3 port", () => {
  it("answers one request after the other on one connection, each with its own id", async () => {
    await using edge = await runningEdge();
    using client = await edge.connect();
    client.write(edge.head({ method: "HEAD", path: "/photos" }));
    await client.until(/x-amz-request-id: [0-9A-F]{16}\r\n[\s\S]*\r\n\r\n/);
    client.write(edge.head({ method: "HEAD", path: "/photos" }));
    await client.until(/request-id: (\w+)[\s\S]*request-id: (?!\1)\w+[\s\S]*\r\n\r\n$/);
  });

  it("ends a body that stops coming with RequestTimeout", async () => {
    await using edge = await runningEdge({ env: { SERVER_READ_TIMEOUT: "50ms" } });
    using client = await edge.connect();
    client.write(edge.head({ method: "PUT", path: "/photos/cat", body: "meow" }));
    client.write("me");
    assert.match(await client.until(/<\/Error>/), /400 Bad Request[\s\S]*<Code>RequestTimeout</);
  });

  it("ends a head that stops coming with RequestTimeout", async () => {
    await using edge = await runningEdge({ env: { SERVER_READ_HEADER_TIMEOUT: "50ms" } });
    using client = await edge.connect();
    client.write("GET /photos/cat HTTP/1.1\r\nHost:");
    assert.match(await client.all(), /^HTTP\/1.1 400 [\s\S]*<Code>RequestTimeout<\/Code>/);
  });
});
