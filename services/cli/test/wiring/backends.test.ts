import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { readGatewayConfig } from "../../src/gateway-config.ts";
import { endpointOf, openBackend } from "../../src/wiring/backends.ts";
import { COMPLETE, KeptLog } from "../environment.ts";

const region = "eu-1";

describe("the endpoint of the backend", () => {
  it("is taken as configured, with the scheme that use_ssl says where it has none", () => {
    for (const [endpoint, use_ssl, url] of [
      ["https://s3.example.com", false, "https://s3.example.com/"],
      ["http://127.0.0.1:9000", true, "http://127.0.0.1:9000/"],
      ["s3.example.com:9000", true, "https://s3.example.com:9000/"],
      ["s3.example.com", false, "http://s3.example.com/"],
    ] as const) {
      assert.equal(endpointOf({ endpoint, region, use_ssl }).href, url);
    }
  });

  it("is Amazon S3 of the region where there is none", () => {
    const { href } = endpointOf({ endpoint: undefined, region, use_ssl: true });
    assert.equal(href, "https://s3.eu-1.amazonaws.com/");
  });

  it("must be a URL", () => {
    assert.throws(() => endpointOf({ endpoint: "http://a b", region, use_ssl: true }), {
      code: "config.invalid",
    });
  });
});

describe("the backend", () => {
  it("is refused for a protocol that has no S3 in it", () => {
    const { config } = readGatewayConfig([], { ...COMPLETE, BACKEND_TYPE: "azure" });
    assert.throws(() => openBackend(config.backend, { identities: [], log: new KeptLog() }), {
      code: "config.invalid",
      message: /azure/,
    });
  });

  it("is not told the user metadata that the settings name", async () => {
    const heard = Promise.withResolvers<NodeJS.Dict<string | string[]>>();
    const server = createServer((req, res) => {
      heard.resolve(req.headers);
      res.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const env = {
      BACKEND_ENDPOINT: `http://127.0.0.1:${port}`,
      BACKEND_FILTER_METADATA_KEYS: "Tmp",
    };
    const { config } = readGatewayConfig([], { ...COMPLETE, ...env });
    await using backend = openBackend(config.backend, { identities: [], log: new KeptLog() });
    const headers = { "x-amz-meta-tmp": "1", "x-amz-meta-kept": "2" };
    const request = { method: "PUT", bucket: "b", key: "k", headers, requestId: "r" } as const;
    await (await backend.send({ ...request, body: Buffer.from("x") })).text();
    const told = await heard.promise;
    server.close();
    assert.deepEqual([told["x-amz-meta-tmp"], told["x-amz-meta-kept"]], [undefined, "2"]);
    // Signed names include none that was not sent.
    assert.doesNotMatch(String(told.authorization), /x-amz-meta-tmp/);
  });

  it("says that it is out of reach when nobody listens", async () => {
    const { config } = readGatewayConfig([], { ...COMPLETE, BACKEND_RETRY_MODE: "off" });
    await using backend = openBackend(config.backend, { identities: [], log: new KeptLog() });
    const request = { method: "GET", bucket: "b", key: "k", requestId: "r" } as const;
    await assert.rejects(backend.send(request), { code: "backend.unavailable" });
  });
});
