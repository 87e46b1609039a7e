import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { encodeAwsChunked } from "../../shared/src/s3/aws-chunked-encode.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { pathOf, type Sending } from "./wire-client.ts";

const OLD = "the old object";
const NEW = plaintextOf(3 * C);
const HALF_AN_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=a";
const ANOTHER = Buffer.from("another body");

function digest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("base64");
}

/** What a client can do wrong with a PUT, and the S3 error it gets. */
const MISTAKES: readonly (readonly [string, Sending, number, string])[] = [
  ["an unknown access key", { accessKey: "NOBODY" }, 403, "InvalidAccessKeyId"],
  ["another secret key", { secretKey: "wrong" }, 403, "SignatureDoesNotMatch"],
  ["no signature", { isSigned: false }, 403, "AccessDenied"],
  [
    "a clock an hour behind",
    { now: new Date(Date.now() - 3_600_000) },
    403,
    "RequestTimeTooSkewed",
  ],
  ["a clock an hour ahead", { now: new Date(Date.now() + 3_600_000) }, 403, "RequestTimeTooSkewed"],
  [
    "a header changed after signing",
    {
      headers: { "x-amz-meta-a": "1" },
      spoil: (headers) => void Object.assign(headers, { "x-amz-meta-a": "2" }),
    },
    403,
    "SignatureDoesNotMatch",
  ],
  [
    "half an Authorization header",
    { spoil: (headers) => void Object.assign(headers, { authorization: HALF_AN_AUTHORIZATION }) },
    400,
    "AuthorizationHeaderMalformed",
  ],
  [
    "the SHA-256 of another body",
    { payloadHash: createHash("sha256").update(ANOTHER).digest("hex") },
    400,
    "XAmzContentSHA256Mismatch",
  ],
  [
    "the MD5 of another body",
    { headers: { "content-md5": digest("md5", ANOTHER) } },
    400,
    "BadDigest",
  ],
  ["an MD5 that is none", { headers: { "content-md5": "AAAA" } }, 400, "InvalidDigest"],
  [
    "the SHA-1 of another body",
    { headers: { "x-amz-checksum-sha1": digest("sha1", ANOTHER) } },
    400,
    "BadDigest",
  ],
  [
    "the CRC32 of another body",
    { headers: { "x-amz-checksum-crc32": "AAAAAA==" } },
    400,
    "BadDigest",
  ],
  [
    "more user metadata than S3 takes",
    { headers: { "x-amz-meta-a": "x".repeat(2048) } },
    400,
    "MetadataTooLarge",
  ],
  [
    "user metadata that leaves no room for the header",
    { headers: { "x-amz-meta-a": "x".repeat(1900) } },
    400,
    "MetadataTooLarge",
  ],
  [
    "the gateway's own metadata",
    { headers: { "x-amz-meta-s3eg": "AgEA" } },
    400,
    "InvalidArgument",
  ],
  [
    "more bytes than an object may hold",
    {
      payloadHash: "UNSIGNED-PAYLOAD",
      headers: { "content-length": "5367398577", expect: "100-continue" },
    },
    400,
    "EntityTooLarge",
  ],
  [
    "aws-chunked framing that is none",
    {
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: { "x-amz-decoded-content-length": String(NEW.length) },
    },
    400,
    "InvalidRequest",
  ],
];

describe("a client's mistake", () => {
  let gateway: RunningGateway;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  before(async () => {
    gateway = await runningGateway();
  });
  after(async () => {
    agent.destroy();
    await gateway[Symbol.asyncDispose]();
  });

  /** The old object is whole, and nothing else is in the bucket. */
  async function nothingChanged(what: string): Promise<void> {
    const got = await gateway.client.send("GET", `/${BUCKET}/k`, { agent });
    assert.deepEqual([got.status, got.text], [200, OLD], what);
    const { text } = await gateway.client.send("GET", `/${BUCKET}`, { agent });
    assert.deepEqual(text.match(/<Key>[^<]*<\/Key>/g), ["<Key>k</Key>"], what);
    const behind = await gateway.behind.send("GET", `/${BUCKET}`, { query: "uploads=" });
    assert.ok(!behind.text.includes("<Upload>"), `${what}: no upload is left behind`);
  }

  for (const [what, sending, status, code] of MISTAKES) {
    it(`${what} is ${code}, and the old object stays`, async () => {
      await gateway.client.send("PUT", `/${BUCKET}/k`, { body: OLD });
      for (const key of ["k", "never-there"]) {
        const put = await gateway.client.send("PUT", pathOf(BUCKET, key), {
          body: what.startsWith("more bytes") ? "" : NEW,
          agent,
          ...sending,
        });
        assert.deepEqual([put.status, put.code], [status, code], put.text);
        assert.ok(put.isWhole && /<RequestId>\w+<\/RequestId>/.test(put.text), put.text);
      }
      await nothingChanged(what);
    });
  }

  it("in XML is MalformedXML, and nothing is deleted", async () => {
    await gateway.client.send("PUT", `/${BUCKET}/k`, { body: OLD });
    for (const body of [
      "",
      "no xml",
      "<Delete><Object><Key>k</Key></Object>",
      "<Delete/>",
      "<Delete><Object><Key></Key></Object></Delete>",
      "<Remove><Object><Key>k</Key></Object></Remove>",
      '<!DOCTYPE d [<!ENTITY k "k">]><Delete><Object><Key>&k;</Key></Object></Delete>',
      `<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`,
    ]) {
      const headers = { "content-md5": digest("md5", Buffer.from(body)) };
      const sending = { query: "delete=", body, headers, agent };
      const answer = await gateway.client.send("POST", `/${BUCKET}`, sending);
      assert.equal(answer.status, 400, body.slice(0, 60));
      assert.match(answer.code, /^(?:MalformedXML|MissingRequestBodyError)$/, body.slice(0, 60));
    }
    await nothingChanged("XML");
  });

  it("in DeleteObjects' digest deletes nothing", async () => {
    await gateway.client.send("PUT", `/${BUCKET}/k`, { body: OLD });
    const body = "<Delete><Object><Key>k</Key></Object></Delete>";
    const headers = { "content-md5": digest("md5", ANOTHER) };
    const sending = { query: "delete=", body, headers, agent };
    const answer = await gateway.client.send("POST", `/${BUCKET}`, sending);
    assert.deepEqual([answer.status, answer.code], [400, "BadDigest"]);
    await nothingChanged("digest");
  });

  it("of going away in the middle of a body leaves the old object", async () => {
    await gateway.client.send("PUT", `/${BUCKET}/k`, { body: OLD });
    const unsigned = { payloadHash: "UNSIGNED-PAYLOAD" };
    for (const sentBytes of [0, 1, C, 2 * C + 5, NEW.length - 1]) {
      const earlier = gateway.finished().length;
      const head = gateway.client.head("PUT", `/${BUCKET}/k`, { ...unsigned, body: NEW });
      await leaveAfter(gateway.port, [head, NEW.subarray(0, sentBytes)]);
      await until(() => gateway.finished().length > earlier, "the request has ended");
      assert.deepEqual(gateway.finished().at(-1)?.code, "IncompleteBody");
      await nothingChanged(`gone after ${sentBytes}`);
    }
  });

  it("of promising more than it sends, or less, leaves the old object", async () => {
    await gateway.client.send("PUT", `/${BUCKET}/k`, { body: OLD });
    const unsigned = { payloadHash: "UNSIGNED-PAYLOAD" };
    const head = gateway.client.head("PUT", `/${BUCKET}/k`, { ...unsigned, body: "x".repeat(100) });
    // Half-closed after 40 of 100 bytes: an answer could still be read.
    const answer = await talk(gateway.port, [head, "x".repeat(40)]);
    assert.match(answer, /^HTTP\/1\.1 400 .*<Code>(?:IncompleteBody|BadRequest)<|^$/s);
    await nothingChanged("short body");
    const framed = { "x-amz-decoded-content-length": "100", "content-encoding": "aws-chunked" };
    for (const sentBytes of [99, 101]) {
      const body = encodeAwsChunked([Buffer.alloc(sentBytes)], { trailers: {} });
      const payloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
      const sending = { body, payloadHash, headers: framed, agent };
      const put = await gateway.client.send("PUT", `/${BUCKET}/k`, sending);
      assert.deepEqual([put.status, put.code], [400, "IncompleteBody"], put.text);
      await nothingChanged(`${sentBytes} of 100`);
    }
    const signing = { ...framed, "x-amz-trailer": "x-amz-checksum-crc32" };
    const body = encodeAwsChunked([NEW.subarray(0, 100)], {
      trailers: { "x-amz-checksum-crc32": "AAAAAA==" },
    });
    const payloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    const wrong = { body, payloadHash, headers: signing, agent };
    const put = await gateway.client.send("PUT", `/${BUCKET}/k`, wrong);
    assert.deepEqual([put.status, put.code], [400, "BadDigest"], put.text);
    await nothingChanged("trailer");
  });

  it("in the head of a request is answered, and the connection closed", async () => {
    const host = `Host: 127.0.0.1:${gateway.port}\r\n`;
    for (const [head, status] of [
      [`GET / HTTP/1.1\r\n${host}x-big: ${"x".repeat(70_000)}\r\n\r\n`, 400],
      [`GET / HTTP/1.1\r\n${host}bad header\r\n\r\n`, 400],
      ["nonsense\r\n\r\n", 400],
      [`PUT /b/k HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`, 400],
      [`PUT /b/k HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx`, 400],
      [`GET /%zz HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, 400],
      [`BREW /b/k HTTP/1.1\r\n${host}\r\n\r\n`, 400],
    ] as const) {
      const answer = await talk(gateway.port, [head]);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), head.slice(0, 60));
      assert.match(answer, /<Error><Code>\w+<\/Code>|<Code>\w+<\/Code>/, head.slice(0, 60));
    }
  });

  it("in a body does not spoil the connection for the next request", async () => {
    // Refused before the body was read: the rest of the body must not be taken for a request.
    const smuggled = Buffer.from(`GET /${BUCKET}/k HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(4000));
    const sending = { body: smuggled, accessKey: "NOBODY", agent };
    const refused = await gateway.client.send("PUT", `/${BUCKET}/k`, sending);
    assert.deepEqual([refused.status, refused.code], [403, "InvalidAccessKeyId"]);
    await nothingChanged("smuggling");
  });
});

/** Writes pieces as they are and reads what comes until the other side closes. */
async function talk(port: number, pieces: readonly string[]): Promise<string> {
  const socket: Socket = connect(port, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<void>();
  let answer = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    answer += text;
  });
  socket.on("error", () => resolve()).on("close", () => resolve());
  for (const piece of pieces) socket.write(piece);
  socket.end();
  await promise;
  return answer;
}

/** Sends pieces, and is gone once they are all on their way. */
async function leaveAfter(port: number, pieces: readonly (string | Uint8Array)[]): Promise<void> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
  }
  socket.destroy();
}
