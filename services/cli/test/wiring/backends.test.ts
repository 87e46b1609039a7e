import assert from "node:assert/strict";
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

  it("says that it is out of reach when nobody listens", async () => {
    const { config } = readGatewayConfig([], { ...COMPLETE, BACKEND_RETRY_MODE: "off" });
    await using backend = openBackend(config.backend, { identities: [], log: new KeptLog() });
    const request = { method: "GET", bucket: "b", key: "k", requestId: "r" } as const;
    await assert.rejects(backend.send(request), { code: "backend.unavailable" });
  });
});
