import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import type { BackendRequest } from "../../src/backend/backend.ts";
import { staticCredentials } from "../../src/backend/credentials.ts";
import { S3Backend, type S3BackendSettings } from "../../src/backend/s3-backend.ts";
import { isFault } from "../../src/faults.ts";
import { type Body, bodyOfPieces } from "../../src/http/body.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { canonicalRequest, deriveSigningKey, sign, stringToSign } from "../../src/s3/sigv4.ts";
import { answering, ok, type RawConnection, type RawServer, startRawServer } from "./raw-server.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const RETRY = { maxAttempts: 3, initialBackoffMs: 1, maxBackoffMs: 10, jitter: "none" } as const;

function backendFor(
  server: { port: number },
  settings: Partial<S3BackendSettings> = {},
): S3Backend {
  return new S3Backend({
    endpoint: new URL(`http://127.0.0.1:${server.port}`),
    region: "eu-test-1",
    isPathStyle: true,
    credentials: staticCredentials({ accessKey: "AKMAIN", secretKey: new Secret("main-secret") }, [
      {
        accessKey: "AKALT",
        secretKey: new Secret("alt-secret"),
        sessionToken: new Secret("token"),
      },
    ]),
    retry: RETRY,
    timeouts: { connectMs: 5000, headersMs: 5000, idleMs: 5000 },
    maxConnections: 4,
    uploadChecksum: "auto",
    log: { warn() {} },
    ...settings,
  });
}

const GET: BackendRequest = { method: "GET", bucket: "b", key: "k", requestId: "r" };
const LIST: BackendRequest = {
  method: "GET",
  bucket: "b",
  query: [["list-type", "2"]],
  requestId: "r",
};

/** A server that remembers the heads it saw and answers with `answers` in turn, the last one for ever. */
async function scripted(...answers: string[]): Promise<RawServer & { heads: string[] }> {
  const heads: string[] = [];
  const server = await startRawServer({
    onBytes: answering((head) => {
      heads.push(head);
      return answers[Math.min(heads.length, answers.length) - 1] ?? ok("");
    }),
  });
  return Object.assign(server, { heads });
}

const failure = (status: number, extra = "") =>
  `HTTP/1.1 ${status} x\r\nContent-Length: 4\r\n${extra}\r\noops`;

/** The fields of a request head, and whether its signature is the one that `secret` makes over exactly these bytes. */
function verify(head: string, secret: string): { fields: Map<string, string>; isSigned: boolean } {
  const [requestLine = "", ...lines] = head.split("\r\n");
  const [method = "", target = ""] = requestLine.split(" ");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const fields = new Map(headers);
  const claim =
    /Credential=[^/]+\/(\d+)\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)/;
  const [, date = "", region = "", names = "", signature] =
    claim.exec(fields.get("authorization") ?? "") ?? [];
  const [rawPath = "", rawQuery = ""] = target.split("?");
  const canonical = canonicalRequest(
    { method, rawPath, rawQuery, headers },
    names.split(";"),
    fields.get("x-amz-content-sha256") ?? "",
  );
  const scope = { date, region, service: "s3" };
  const text = stringToSign(fields.get("x-amz-date") ?? "", scope, canonical);
  const isSigned =
    signature === sign(deriveSigningKey(secret, scope), text) && names.split(";").includes("host");
  return { fields, isSigned };
}

describe("S3Backend signs", () => {
  it("every kind of request, over what really goes on the wire", async () => {
    await using server = await scripted(ok(""));
    await using backend = backendFor(server);
    await backend.send({ ...GET, key: "a//b c/ü", headers: { "x-amz-meta-a": "\u00c3\u00a4  b" } });
    await backend.send({
      ...LIST,
      query: [
        ["prefix", "a b+ü"],
        ["acl", ""],
      ],
    });
    await backend.send({ method: "HEAD", bucket: "b", key: "k", requestId: "r" });
    await backend.send({ method: "GET", requestId: "r" });
    assert.equal(server.heads.length, 4);
    for (const head of server.heads) {
      const { fields, isSigned } = verify(head, "main-secret");
      assert.equal(isSigned, true, head);
      assert.equal(fields.get("x-amz-content-sha256"), EMPTY);
      assert.equal(fields.get("host"), `127.0.0.1:${server.port}`);
      assert.ok(fields.get("authorization")?.includes("/eu-test-1/s3/"));
    }
  });

  it("bodies in memory with their hash, streamed ones without", async () => {
    const requests: string[] = [];
    await using server = await startRawServer({
      onBytes: (connection) => {
        if (!connection.received.endsWith("ping")) return;
        requests.push(connection.received);
        connection.received = "";
        connection.socket.write(ok(""));
      },
    });
    await using backend = backendFor(server);
    await backend.send({ ...GET, method: "PUT", body: Buffer.from("ping") });
    const body = { body: bodyOfPieces([Buffer.from("ping")]), sizeBytes: 4 };
    await backend.send({ ...GET, method: "PUT", body });
    const hashes = requests.map((request) => {
      const { fields, isSigned } = verify(request.split("\r\n\r\n")[0] ?? "", "main-secret");
      assert.equal(isSigned, true);
      assert.equal(fields.get("content-length"), "4");
      return fields.get("x-amz-content-sha256");
    });
    assert.deepEqual(hashes, [hash("sha256", "ping"), "UNSIGNED-PAYLOAD"]);
  });

  it("as another identity, with its session token, or not at all", async () => {
    await using server = await scripted(ok(""));
    await using backend = backendFor(server);
    await backend.send({ ...LIST, identity: "AKALT" });
    const { fields, isSigned } = verify(server.heads[0] ?? "", "alt-secret");
    assert.equal(isSigned, true);
    assert.equal(fields.get("x-amz-security-token"), "token");
    const stolen = { authorization: "AWS4-HMAC-SHA256 x", "x-amz-security-token": "y" };
    await backend.send({ ...LIST, identity: "anonymous", headers: stolen });
    const anonymous = server.heads[1]?.toLowerCase() ?? "";
    for (const name of ["authorization", "x-amz-date", "x-amz-security-token"]) {
      assert.ok(!anonymous.includes(`${name}:`), name);
    }
    await assert.rejects(backend.send({ ...LIST, identity: "AKNONE" }), (e) =>
      isFault(e, "config.invalid"),
    );
  });

  it("and takes over no header that belongs to the connection", async () => {
    await using server = await scripted(ok(""));
    await using backend = backendFor(server);
    const headers = {
      expect: "100-continue",
      host: "evil",
      "transfer-encoding": "chunked",
      "content-length": "7",
      connection: "upgrade",
      "content-type": "text/plain",
    };
    for (const request of [GET, LIST]) await backend.send({ ...request, headers });
    for (const head of server.heads) {
      assert.doesNotMatch(head, /evil|expect|transfer-encoding|content-length|upgrade/i);
      assert.match(head, /content-type: text\/plain/i);
    }
  });
});

describe("S3Backend answers", () => {
  it("with whatever the server said, and its text up to a bound", async () => {
    await using server = await scripted(
      "HTTP/1.1 404 x\r\nContent-Length: 3\r\nX-A: b\r\n\r\n\u00c3\u00bc!",
    );
    await using backend = backendFor(server);
    for (const request of [GET, LIST]) {
      const response = await backend.send(request);
      assert.equal(response.status, 404);
      assert.equal(response.headers["x-a"], "b");
      assert.equal(await response.text(), "ü!");
      const tooMuch = await backend.send(request);
      await assert.rejects(tooMuch.text(2), (e) => isFault(e, "backend.unavailable"));
    }
  });

  it("over TLS, verified with the given authority only", async () => {
    await using server = await startRawServer({
      isTls: true,
      onBytes: answering(() => ok("secret")),
    });
    const endpoint = new URL(`https://127.0.0.1:${server.port}`);
    const { caFile } = server;
    const retry = { maxAttempts: 1, initialBackoffMs: 1, maxBackoffMs: 1, jitter: "none" } as const;
    await using trusting = backendFor(server, { endpoint, tls: { caFile } });
    await using strict = backendFor(server, { endpoint, retry });
    await using careless = backendFor(server, { endpoint, tls: { rejectUnauthorized: false } });
    for (const request of [GET, LIST]) {
      assert.equal(await (await trusting.send(request)).text(), "secret");
      await assert.rejects(strict.send(request), (e) => isFault(e, "backend.unavailable"));
      assert.equal(await (await careless.send(request)).text(), "secret");
    }
  });
});

describe("S3Backend tries again", () => {
  it("after answers that pass, as often as configured, and tells the observer", async () => {
    for (const request of [GET, LIST, { ...GET, method: "PUT", body: Buffer.from("") } as const]) {
      await using server = await scripted(failure(503), failure(500), ok("done"));
      const told: unknown[] = [];
      await using backend = backendFor(server, {
        observer: {
          onAttempt: ({ status }) => void told.push(status),
          onRetry: ({ reason, attempt, delayMs }) => void told.push([reason, attempt, delayMs]),
        },
      });
      const response = await backend.send(request);
      assert.equal(await response.text(), "done");
      assert.deepEqual(told, [503, ["throttle_503", 1, 1], 500, ["internal_500", 2, 2], 200]);
    }
  });

  it("no longer than allowed: the last answer is the answer", async () => {
    await using server = await scripted(failure(503));
    await using backend = backendFor(server);
    const response = await backend.send(GET);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), "oops");
    assert.equal(server.heads.length, 3);
  });

  it("as often as is allowed for the operation, and copies not at all where that is unsafe", async () => {
    await using server = await scripted(failure(503));
    const retry = { ...RETRY, perOperation: { GetObject: 2 }, repeatsCopies: false };
    await using backend = backendFor(server, { retry });
    await backend.send(GET);
    assert.equal(server.heads.length, 2);
    await backend.send({ ...GET, method: "PUT", headers: { "x-amz-copy-source": "/b/k" } });
    assert.equal(server.heads.length, 3);
  });

  it("not when the server wants to be left alone for long", async () => {
    await using server = await scripted(failure(503, "Retry-After: 60\r\n"));
    await using backend = backendFor(server);
    assert.equal((await backend.send(LIST)).status, 503);
    assert.equal(server.heads.length, 1);
  });

  it("not for POST, and never with a streamed body", async () => {
    await using server = await scripted(failure(503));
    await using backend = backendFor(server);
    await backend.send({ ...GET, method: "POST", query: [["uploads", ""]] });
    assert.equal(server.heads.length, 1);
    let pumps = 0;
    const body: Body = {
      async pump(take) {
        pumps += 1;
        await take(Buffer.alloc(4));
      },
      destroy: () => {},
    };
    const response = await backend.send({ ...GET, method: "PUT", body: { body, sizeBytes: 4 } });
    assert.equal(response.status, 503);
    assert.equal(pumps, 1);
  });

  it("when it could not connect, with a streamed body too, which was not touched", async () => {
    const gone = await startRawServer({});
    await gone[Symbol.asyncDispose]();
    const starting = Promise.withResolvers<RawServer>();
    const answer = ({ socket, received }: RawConnection) =>
      void (received.endsWith("ping") && socket.write(ok("")));
    const retry = {
      maxAttempts: 10,
      initialBackoffMs: 20,
      maxBackoffMs: 20,
      jitter: "none",
    } as const;
    await using backend = backendFor(gone, {
      retry,
      observer: {
        onRetry: ({ reason, attempt }) => {
          assert.equal(reason, "connect");
          if (attempt === 1) starting.resolve(startRawServer({ port: gone.port, onBytes: answer }));
        },
      },
    });
    const body = { body: bodyOfPieces([Buffer.from("ping")]), sizeBytes: 4 };
    const response = await backend.send({ ...GET, method: "PUT", body });
    assert.equal(response.status, 200);
    await (await starting.promise)[Symbol.asyncDispose]();
  });

  it("when a kept connection turns out to be closed", async () => {
    let isOld = false;
    await using server = await startRawServer({
      onBytes: (connection) => {
        if (isOld && connection.number === 0) connection.socket.resetAndDestroy();
        else answering(() => ok("x"))(connection);
      },
    });
    await using backend = backendFor(server);
    await (await backend.send(GET)).text();
    isOld = true;
    assert.equal(await (await backend.send(GET)).text(), "x");
    assert.equal(server.connections.length, 2);
  });

  it("on a connection of its own after a 400 that a kept one gave for no reason", async () => {
    const complaint = "An error occurred when parsing the HTTP request";
    for (const [request, text] of [
      [GET, complaint],
      [LIST, complaint],
      [{ ...GET, method: "HEAD" }, ""],
    ] as const) {
      await using server = await startRawServer({
        onBytes: answering((_, { number }) =>
          number === 0 && isOld
            ? `HTTP/1.1 400 Bad Request\r\nContent-Length: ${text.length}\r\n\r\n${text}`
            : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
      });
      let isOld = false;
      await using backend = backendFor(server);
      await (await backend.send(request)).text();
      isOld = true;
      assert.equal((await backend.send(request)).status, 200);
      assert.equal(server.connections.length, 2);
    }
  });

  it("but takes any other 400 for what it says", async () => {
    await using server = await scripted(ok(""), failure(400));
    await using backend = backendFor(server);
    for (const request of [GET, LIST]) await (await backend.send(request)).text();
    for (const request of [GET, LIST]) {
      const response = await backend.send(request);
      assert.equal(response.status, 400);
      assert.equal(await response.text(), "oops");
    }
  });

  it("until the request is aborted", async () => {
    await using server = await scripted(failure(503));
    const abort = new AbortController();
    const reason = new Error("client left");
    const retry = {
      maxAttempts: 5,
      initialBackoffMs: 60_000,
      maxBackoffMs: 60_000,
      jitter: "none",
    } as const;
    await using backend = backendFor(server, {
      retry,
      observer: { onRetry: () => abort.abort(reason) },
    });
    await assert.rejects(backend.send({ ...LIST, signal: abort.signal }), reason);
  });
});

describe("S3Backend lets go", () => {
  it("of a streamed body that it could not send", async () => {
    const gone = await startRawServer({});
    await gone[Symbol.asyncDispose]();
    await using backend = backendFor(gone);
    const reasons: unknown[] = [];
    const body: Body = {
      pump: () => Promise.reject(new Error("must not be pumped")),
      destroy: (reason) => reasons.push(reason),
    };
    const request = { ...GET, method: "PUT", body: { body, sizeBytes: 4 } } as const;
    await assert.rejects(backend.send(request), (e) => isFault(e, "backend.unavailable"));
    assert.equal(reasons.length, 1);
    assert.ok(isFault(reasons[0], "backend.unavailable"));
  });

  it("and tells nobody where the backend is", async () => {
    const gone = await startRawServer({});
    await gone[Symbol.asyncDispose]();
    await using backend = backendFor(gone);
    await assert.rejects(
      backend.send(GET),
      (error: Error) => !/127\.0\.0\.1|ECONN/.test(error.message),
    );
  });
});

/** A server that answers each PUT when all its body is there, with `answers` in turn, the last one for ever. */
async function storing(...answers: string[]): Promise<RawServer & { heads: string[] }> {
  const heads: string[] = [];
  const server = await startRawServer({
    onBytes: (connection) => {
      const end = connection.received.indexOf("\r\n\r\n") + 4;
      const length = /content-length: (\d+)/.exec(connection.received)?.[1];
      if (end < 4 || connection.received.length < end + Number(length)) return;
      heads.push(connection.received.slice(0, end));
      connection.received = "";
      connection.socket.write(answers[Math.min(heads.length, answers.length) - 1] ?? ok(""));
    },
  });
  return Object.assign(server, { heads });
}

describe("S3Backend sends an object with a checksum behind it", () => {
  const put = (): BackendRequest => ({
    method: "PUT",
    bucket: "b",
    key: "k",
    body: { body: bodyOfPieces([Buffer.from("sealed")]), sizeBytes: 6, isChecked: true },
    requestId: "r",
  });
  const payloadOf = (head: string | undefined) =>
    /x-amz-content-sha256: (\S+)/.exec(head ?? "")?.[1];
  const refusal = (status: number, code: string) => {
    const text = `<Code>${code}</Code>`;
    return `HTTP/1.1 ${status} x\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  };
  const unknown = refusal(400, "XAmzContentSHA256Mismatch");

  it("until the backend shows that it knows none: that upload is to be tried again, and goes plainly", async () => {
    await using server = await storing(unknown, ok(""));
    const warnings: unknown[] = [];
    await using backend = backendFor(server, { log: { warn: (...said) => warnings.push(said) } });
    await assert.rejects(backend.send(put()), (error) => isFault(error, "backend.unavailable"));
    const { status } = await backend.send(put());
    assert.equal(status, 200);
    assert.deepEqual(server.heads.map(payloadOf), [
      "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      "UNSIGNED-PAYLOAD",
    ]);
    assert.equal(warnings.length, 1);
  });

  it("and passes every other refusal on, with its text", async () => {
    await using server = await storing(refusal(403, "AccessDenied"));
    await using backend = backendFor(server);
    const refused = await backend.send(put());
    assert.equal(refused.status, 403);
    assert.equal(await refused.text(), "<Code>AccessDenied</Code>");
    await (await backend.send(put())).text();
    assert.equal(payloadOf(server.heads[1]), "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  });

  it("always, or never, where that is configured", async () => {
    for (const [uploadChecksum, payload] of [
      ["crc32", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
      ["none", "UNSIGNED-PAYLOAD"],
    ] as const) {
      await using server = await storing(unknown);
      await using backend = backendFor(server, { uploadChecksum });
      assert.equal((await backend.send(put())).status, 400);
      assert.equal((await backend.send(put())).status, 400);
      assert.deepEqual(server.heads.map(payloadOf), [payload, payload]);
    }
  });

  it("and hides the mark of the framing that some servers keep", async () => {
    await using server = await scripted(ok("", "Content-Encoding: aws-chunked,gzip\r\n"));
    await using backend = backendFor(server);
    const { headers } = await backend.send(GET);
    assert.equal(headers["content-encoding"], "gzip");
  });
});
