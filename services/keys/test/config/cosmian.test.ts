import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cosmianEndpoint } from "../../src/config/cosmian.ts";
import { load, problems } from "./read-settings.ts";

describe("the cosmian section", () => {
  it("reads the compact list of keys", () => {
    const { keys, timeout } = load({ COSMIAN_KMS_KEYS: "kek-a:4, kek-b" }).key_manager.cosmian;
    assert.deepEqual(keys, [
      { id: "kek-a", version: 4 },
      { id: "kek-b", version: 0 },
    ]);
    assert.equal(timeout, 10_000);
  });

  it("refuses what it does not know", () => {
    const yaml = "encryption: { key_manager: { cosmian: { endpont: x } } }";
    assert.match(problems({}, yaml), /endpont/);
  });
});

describe("the endpoint of the KMIP server", () => {
  for (const [endpoint, expected] of [
    ["https://kms.example:9998", "https://kms.example:9998/kmip/2_1"],
    ["http://kms.example/", "http://kms.example/kmip/2_1"],
    ["https://kms.example/other/path?x=1", "https://kms.example/other/path?x=1"],
    ["HTTPS://kms.example", "https://kms.example/kmip/2_1"],
  ] as const) {
    it(`${endpoint} is reached as JSON at ${expected}`, () => {
      const reached = cosmianEndpoint(endpoint);
      assert.equal(reached?.kind === "json" && reached.url.href, expected);
    });
  }

  for (const [endpoint, host, port] of [
    ["kms.example:5696", "kms.example", 5696],
    ["10.0.0.1:1", "10.0.0.1", 1],
    ["[::1]:65535", "::1", 65_535],
  ] as const) {
    it(`${endpoint} is reached by binary KMIP`, () => {
      assert.deepEqual(cosmianEndpoint(endpoint), { kind: "binary", host, port });
    });
  }

  for (const endpoint of [
    "",
    "kms.example",
    "kms.example:0",
    "kms.example:65536",
    "ftp://kms.example",
    "https://",
    "https://user:word@kms.example",
    "a b:5696",
    "[kms]:5696",
  ]) {
    it(`is not "${endpoint}"`, () => {
      assert.equal(cosmianEndpoint(endpoint), undefined);
    });
  }
});

describe("what a KMIP server needs", () => {
  const on = { KEY_MANAGER_ENABLED: "true", KEY_MANAGER_PROVIDER: "cosmian" };
  const whole = { ...on, COSMIAN_KMS_ENDPOINT: "https://kms:1", COSMIAN_KMS_KEYS: "a" };

  it("is an endpoint and a key", () => {
    assert.deepEqual(load(whole).key_manager.cosmian.keys, [{ id: "a", version: 0 }]);
    assert.match(problems(on), /endpoint[\s\S]*keys/);
  });

  it("is a certificate with its key, and for binary KMIP in any case", () => {
    const { COSMIAN_KMS_KEYS } = whole;
    assert.match(problems({ ...whole, COSMIAN_KMS_CLIENT_CERT: "/c" }), /belong together/);
    const binary = { ...on, COSMIAN_KMS_KEYS, COSMIAN_KMS_ENDPOINT: "kms:5696" };
    assert.match(problems(binary), /needs a client certificate/);
  });

  it("is every key once", () => {
    assert.match(problems({ ...whole, COSMIAN_KMS_KEYS: "a,a:1" }), /twice/);
    load({ ...whole, COSMIAN_KMS_KEYS: "a:1,a:2" });
  });
});
