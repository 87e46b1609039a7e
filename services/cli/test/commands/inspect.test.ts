import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { encodeHeader } from "@s3eg/shared/format/header.ts";
import { inspect } from "../../src/commands/inspect.ts";
import { COMPLETE } from "../environment.ts";

const HEADER = encodeHeader(
  {
    suite: 2,
    flags: 0,
    objectId: Buffer.alloc(32, 0xab),
    commitment: Buffer.alloc(32, 0xcd),
    plaintextSize: 10,
    createdAtMs: Date.UTC(2026, 0, 2),
    provider: "aes",
    keyId: "aes",
    keyVersion: 7,
    wrappedKey: Buffer.alloc(125),
  },
  () => Buffer.alloc(32),
);

/** A backend that answers every HEAD like this. */
async function backendOf(status: number, headers: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    env: { ...COMPLETE, BACKEND_ENDPOINT: `http://127.0.0.1:${port}` },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

describe("s3eg inspect", () => {
  it("says what lies under a key, without a key", async () => {
    const length = { "content-length": String(10 + 16 + 128), etag: '"e"' };
    await using backend = await backendOf(200, { ...length, "x-amz-meta-s3eg": HEADER });
    const text = await inspect(["b", "a key"], backend.env);
    assert.deepEqual(backend.asked, ["HEAD /b/a%20key"]);
    for (const line of [
      /^format +2, sealed$/m,
      /^cipher +ChaCha20-Poly1305$/m,
      /^plaintext bytes +10$/m,
      /^size is consistent +yes$/m,
      /^created +2026-01-02T00:00:00\.000Z$/m,
      /^key version +7$/m,
      /^object id +(?:ab){32}$/m,
    ]) {
      assert.match(text, line);
    }
  });

  it("says NO where the stored size is not what the header says", async () => {
    const headers = { "content-length": "9", "x-amz-meta-s3eg": HEADER };
    await using backend = await backendOf(200, headers);
    assert.match(await inspect(["b", "k"], backend.env), /^size is consistent +NO$/m);
  });

  it("says how much metadata is sealed, and where header and value contradict each other", async () => {
    const bytes = Buffer.from(HEADER, "base64url");
    bytes.writeUInt8(2, 2);
    const flagged = bytes.toString("base64url");
    const value = Buffer.alloc(12 + 30 + 16).toString("base64url");
    for (const [header, metadata, line] of [
      [flagged, value, /^sealed metadata +30 bytes$/m],
      [flagged, "AAAA", /^sealed metadata +MALFORMED$/m],
      [flagged, undefined, /^sealed metadata +MISSING$/m],
      [HEADER, value, /^sealed metadata +30 bytes, THE HEADER DOES NOT SAY SO$/m],
      [undefined, value, /^sealed metadata +30 bytes, THE HEADER DOES NOT SAY SO$/m],
    ] as const) {
      const headers = {
        "content-length": "154",
        ...(header === undefined ? {} : { "x-amz-meta-s3eg": header }),
        ...(metadata === undefined ? {} : { "x-amz-meta-s3eg-m": metadata }),
      };
      await using backend = await backendOf(200, headers);
      assert.match(await inspect(["b", "k"], backend.env), line);
    }
    await using backend = await backendOf(200, {
      "content-length": "1",
      "x-amz-meta-s3eg": HEADER,
    });
    assert.doesNotMatch(await inspect(["b", "k"], backend.env), /metadata/);
  });

  it("says of a plain object that it is not sealed", async () => {
    await using backend = await backendOf(200, { "content-length": "5" });
    assert.match(await inspect(["b", "k"], backend.env), /not sealed by this gateway/);
  });

  it("fails for an object that is not there, a damaged header, and a wrong command line", async () => {
    await using missing = await backendOf(404, {});
    await assert.rejects(inspect(["b", "k"], missing.env), { code: "backend.refused" });
    await using damaged = await backendOf(200, { "x-amz-meta-s3eg": "AgEA" });
    await assert.rejects(inspect(["b", "k"], damaged.env), { code: "crypto.integrity" });
    for (const args of [[], ["b"], ["b", "k", "more"]]) {
      await assert.rejects(inspect(args, COMPLETE), { code: "input.invalid", message: /usage/ });
    }
  });
});
