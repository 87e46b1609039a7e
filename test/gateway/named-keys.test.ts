import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { headerParts } from "./header-parts.ts";
import { BUCKET, runningGateway } from "./running-gateway.ts";
import { startTransitDouble } from "./transit-double.ts";
import { pathOf } from "./wire-client.ts";

/** Passes everything on to a server, and keeps what it was asked. */
async function countingProxy(target: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { method, headers, url = "/" } = request;
    const passed = forward(new URL(url, target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    address: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** The header with another value in one of its fields, whose length goes with it. */
function edited(header: Buffer, name: string, value: Buffer): string {
  const part = headerParts(header).find((field) => field.name === name);
  assert.ok(part, name);
  const before = Buffer.from(header.subarray(0, part.from));
  if (name !== "keyVersion") before.writeUInt16BE(value.byteLength, part.from - 2);
  return Buffer.concat([before, value, header.subarray(part.to)]).toString("base64url");
}

const version = (number: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};

describe("a header that was made to name another key", () => {
  it("is refused, and no key store is asked: not the configured one, and none that the header names", async () => {
    await using double = await startTransitDouble(Buffer.alloc(32, 3));
    await using transit = await countingProxy(double.address);
    await using stranger = await countingProxy(double.address);
    await using gateway = await runningGateway({
      env: {
        KEY_MANAGER_PROVIDER: "openbao",
        OPENBAO_ADDR: transit.address,
        OPENBAO_TRANSIT_PATH: "transit",
        OPENBAO_TRANSIT_KEY_NAME: "gateway",
        OPENBAO_TOKEN: "token",
      },
    });
    const K = pathOf(BUCKET, "k");
    assert.equal((await gateway.client.send("PUT", K, { body: "hello" })).status, 200);
    const { bytes, metadata } = await gateway.store.readStored(BUCKET, "k");
    const header = Buffer.from(metadata["x-amz-meta-s3eg"] ?? "", "base64url");
    transit.asked.length = 0;
    assert.equal((await gateway.client.send("GET", K)).text, "hello");
    assert.equal(transit.asked.length, 1);
    for (const [name, value] of [
      ["keyId", Buffer.from("another")],
      ["keyId", Buffer.from(stranger.address)],
      ["keyId", Buffer.from(`${stranger.address}/v1/transit/decrypt/gateway`)],
      ["keyId", Buffer.from("../../sys/raw/x")],
      ["keyId", Buffer.from("arn:aws:kms:us-east-1:1:key/x")],
      ["provider", Buffer.from("aws-kms")],
      ["provider", Buffer.from("kmip")],
      ["provider", Buffer.from("password")],
      ["provider", Buffer.from("nobody")],
      ["keyVersion", version(7)],
    ] as const) {
      const changed = { ...metadata, "x-amz-meta-s3eg": edited(header, name, value) };
      await gateway.store.overwriteStored(BUCKET, "k", { bytes, metadata: changed });
      transit.asked.length = 0;
      for (const headers of [{}, { range: "bytes=0-1" }]) {
        const { status, text } = await gateway.client.send("GET", K, { headers });
        assert.equal(status, 500, `${name} ${value.toString()}`);
        assert.doesNotMatch(text, /hello|another|127\.0\.0\.1/);
      }
      const copy = { headers: { "x-amz-copy-source": K } };
      const copied = await gateway.client.send("PUT", pathOf(BUCKET, "copy"), copy);
      assert.ok(copied.status >= 500 || copied.text.includes("<Error>"), copied.text);
      assert.deepEqual([transit.asked, stranger.asked], [[], []], `${name} ${value.toString()}`);
    }
  });
});
