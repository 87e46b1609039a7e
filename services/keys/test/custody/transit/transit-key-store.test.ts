import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { KeyRef } from "../../../src/custody/custodian.ts";
import { KeyStoreHttp } from "../../../src/custody/remote/key-store-http.ts";
import { TransitKeyStore } from "../../../src/custody/transit/transit-key-store.ts";
import { TransitLogin } from "../../../src/custody/transit/transit-login.ts";
import { is } from "../../issued-header.ts";
import { NONE_RETIRED } from "../../legacy/known-answers.ts";
import { silentLog as log } from "../../silent-log.ts";
import { refusal, TransitDouble } from "./transit-double.ts";

const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);
const never = new AbortController().signal;

describe("TransitKeyStore", () => {
  let server: TransitDouble;
  let store: TransitKeyStore;
  let given = "root";
  let nowMs = 0;
  beforeEach(async () => {
    given = "root";
    nowMs = 0;
    server = await TransitDouble.start();
    const http = new KeyStoreHttp(new URL(server.origin));
    const login = new TransitLogin({
      http,
      namespace: undefined,
      method: { kind: "token", readToken: () => Promise.resolve(new Secret(given)) },
      timeoutMs: 5000,
      log,
      now: () => nowMs,
    });
    store = new TransitKeyStore(http, login, {
      mount: "transit",
      name: "kek",
      keyId: "transit/kek",
    });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const use = () => ({ key: store.activeKey, binding });

  it("stores the ciphertext as the server gives it, under version 0", async () => {
    assert.deepEqual(store.activeKey, { provider: "transit", keyId: "transit/kek", keyVersion: 0 });
    const wrapped = await store.wrap(payload, use(), never);
    assert.match(wrapped.toString(), /^vault:v1:[A-Za-z0-9+/]{124}$/);
    assert.deepEqual(await store.unwrap(wrapped, use(), never), payload);
  });

  it("asks nobody about what is no ciphertext of Transit", async () => {
    const good = (await store.wrap(payload, use(), never)).toString();
    const before = server.asked.length;
    for (const text of [
      good.replace("vault", "valut"),
      good.replace("v1", "v0"),
      good.replace("v1", "v01"),
      `${good}\n`,
      `${good}=`,
      good.slice(0, 100),
      `${good}${"A".repeat(400)}`,
    ]) {
      await assert.rejects(store.unwrap(Buffer.from(text), use(), never), is("crypto.integrity"));
    }
    assert.equal(server.asked.length, before);
  });

  it("opens what format 1 wrapped: without associated data, under the configured key", async () => {
    const dataKey = Buffer.alloc(32, 7);
    const wrappedKey = Buffer.from(server.encrypted(dataKey));
    const wrapped = { wrappedKey, keyId: "vault-transit:elsewhere/other", keyVersion: "1" };
    assert.deepEqual(await store.unwrapLegacy(wrapped, NONE_RETIRED, never), dataKey);
    const last = server.asked.at(-1);
    assert.equal(last?.path, "/v1/transit/decrypt/kek");
    assert.deepEqual(last?.fields, { ciphertext: wrappedKey.toString() });
    const bound = await store.wrap(payload, use(), never);
    const before = server.asked.length;
    await assert.rejects(
      store.unwrapLegacy({ ...wrapped, wrappedKey: bound }, NONE_RETIRED, never),
      is("crypto.integrity"),
    );
    for (const text of ["", "vault:v1:", "vault:v0:AAAA", `${wrappedKey.toString()}\n`, "AAAA"]) {
      const forged = { ...wrapped, wrappedKey: Buffer.from(text) };
      await assert.rejects(
        store.unwrapLegacy(forged, NONE_RETIRED, never),
        is("crypto.integrity"),
        text,
      );
    }
    const isRetired = ({ provider }: KeyRef) => provider === "transit";
    const retired = store.unwrapLegacy(wrapped, isRetired, never);
    await assert.rejects(retired, is("keys.unknown-key"));
    assert.ok(server.asked.length <= before + 1);
  });

  it("tells a forged version from a retired one", async () => {
    const wrapped = (await store.wrap(payload, use(), never)).toString();
    const newer = Buffer.from(wrapped.replace("v1", "v9"));
    await assert.rejects(store.unwrap(newer, use(), never), is("crypto.integrity"));
    server.override = ({ path }) =>
      path.includes("decrypt") ? refusal(400, "disallowed by policy (too old)") : undefined;
    await assert.rejects(store.unwrap(Buffer.from(wrapped), use(), never), is("keys.denied"));
  });

  it("logs in again when its token was refused, once", async () => {
    await store.wrap(payload, use(), never);
    server.tokens.delete("root");
    server.tokens.add("next");
    given = "next";
    nowMs = 1000;
    await store.wrap(payload, use(), never);
    server.tokens.clear();
    nowMs = 5000;
    const before = server.count("/v1/transit/encrypt/kek");
    await assert.rejects(store.wrap(payload, use(), never), is("keys.denied"));
    assert.equal(server.count("/v1/transit/encrypt/kek") - before, 2);
  });

  for (const [what, answer] of [
    ["nothing", ""],
    ["a page", "<html>"],
    ["no ciphertext", "{}"],
    ["the plaintext back", JSON.stringify({ data: { ciphertext: payload.toString("base64") } })],
    ["too short a ciphertext", JSON.stringify({ data: { ciphertext: "vault:v1:AAAA" } })],
  ] as const) {
    it(`takes ${what} for no wrap`, async () => {
      server.override = ({ path }) => (path.includes("encrypt") ? answer : undefined);
      await assert.rejects(store.wrap(payload, use(), never), is("keys.unavailable"));
    });
  }

  it("starts on a key that is there and authenticates, and on one it may not look at", async () => {
    await store.start(never);
    server.hasKey = false;
    await assert.rejects(store.start(never), is("keys.denied"));
    server.hasKey = true;
    server.keyType = "rsa-4096";
    await assert.rejects(store.start(never), is("config.invalid"));
    server.override = ({ path }) =>
      path.includes("/keys/") ? refusal(403, "permission denied") : undefined;
    await store.start(never);
  });
});
