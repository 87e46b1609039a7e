import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CryptographyClient } from "@azure/keyvault-keys";
import { azureKeyName } from "../../../src/config/azure-key-vault.ts";
import { type AzureKey, AzureKeyStore } from "../../../src/custody/azure/azure-key-store.ts";
import { is } from "../../issued-header.ts";
import { AzureDouble, refusal } from "./azure-double.ts";

const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);
const never = new AbortController().signal;
const envelopeKey = createSecretKey(randomBytes(32));

describe("AzureKeyStore", () => {
  let server: AzureDouble;
  let rsa: string;
  let aes: string;
  beforeEach(async () => {
    server = await AzureDouble.start();
    rsa = await server.makeKey("rsa");
    aes = `${await server.makeKey("aes")}:A256GCM`;
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const keyOf = (setting: string, keyVersion: number): AzureKey => {
    const named = azureKeyName(setting);
    assert.ok(named);
    const { name, azureVersion, algorithm } = named;
    const vaultUrl = server.origin;
    const properties = { vaultUrl, name, version: azureVersion };
    const client = new CryptographyClient(
      { id: `${vaultUrl}/keys/${name}/${azureVersion}`, name, properties },
      {
        getToken: () =>
          Promise.resolve({
            token: "machine-token",
            expiresOnTimestamp: Date.now() + 3_600_000,
          }),
      },
      { retryOptions: { maxRetries: 0 }, allowInsecureConnection: true },
    );
    const ref = { provider: "azure", keyId: name, keyVersion } as const;
    const version = { ref, name, azureVersion, client };
    return algorithm === "A256GCM"
      ? { ...version, algorithm }
      : { ...version, algorithm, envelopeKey };
  };
  const storeOf = (first: string, ...others: string[]) =>
    new AzureKeyStore([keyOf(first, 9), ...others.map((key, n) => keyOf(key, 8 - n))]);
  const useOf = (store: AzureKeyStore, n = 0) => ({
    key: store.readableKeys[n] ?? store.activeKey,
    binding,
  });

  it("gives an HSM the binding as associated data, and takes its nonce and tag", async () => {
    const store = storeOf(aes);
    const wrapped = await store.wrap(payload, useOf(store), never);
    assert.equal(wrapped.byteLength, 93);
    assert.deepEqual(Buffer.from(await store.unwrap(wrapped, useOf(store), never)), payload);
    for (const { input } of server.asked) {
      assert.equal(input.aad, binding.toString("base64url"));
    }
    const elsewhere = { ...useOf(store), binding: Buffer.alloc(32, 0xab) };
    await assert.rejects(store.unwrap(wrapped, elsewhere, never), is("crypto.integrity"));
  });

  it("does not ask Azure for an envelope of RSA that it did not make", async () => {
    const store = storeOf(rsa);
    const wrapped = Buffer.from(await store.wrap(payload, useOf(store), never));
    server.asked.length = 0;
    const elsewhere = { ...useOf(store), binding: Buffer.alloc(32, 0xab) };
    await assert.rejects(store.unwrap(wrapped, elsewhere, never), is("crypto.integrity"));
    const forged = Buffer.concat([wrapped.subarray(0, -32), randomBytes(32)]);
    await assert.rejects(store.unwrap(forged, useOf(store), never), is("crypto.integrity"));
    assert.equal(server.asked.length, 0);
    assert.deepEqual(Buffer.from(await store.unwrap(wrapped, useOf(store), never)), payload);
  });

  it("opens under the version that is named and no other, each kind beside the other", async () => {
    const store = storeOf(aes, rsa, `${await server.makeKey("aes")}:A256GCM`);
    for (const n of [0, 1]) {
      const wrapped = await store.wrap(payload, useOf(store, n), never);
      assert.deepEqual(Buffer.from(await store.unwrap(wrapped, useOf(store, n), never)), payload);
      await assert.rejects(store.unwrap(wrapped, useOf(store, 2), never), is("crypto.integrity"));
    }
    const unknown = { key: { ...store.activeKey, keyVersion: 1 }, binding };
    await assert.rejects(store.wrap(payload, unknown, never), is("keys.unknown-key"));
  });

  it("sends every one of several first questions whole", async () => {
    const before = storeOf(aes);
    const wrapped = await before.wrap(payload, useOf(before), never);
    const store = storeOf(aes);
    server.bodilessWaitMs = 50;
    const all = Array.from({ length: 8 }, () => store.unwrap(wrapped, useOf(store), never));
    for (const opened of await Promise.all(all)) assert.deepEqual(Buffer.from(opened), payload);
  });

  it("asks on after a first question that failed", async () => {
    const store = storeOf(aes);
    server.override = () => refusal(503, "Busy");
    await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"));
    server.override = undefined;
    await store.wrap(payload, useOf(store), never);
  });

  it("is denied what is disabled, not there or of another kind", async () => {
    const store = storeOf(rsa);
    const wrapped = await store.wrap(payload, useOf(store), never);
    server.disabled.add(rsa);
    await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.denied"));
    await assert.rejects(store.unwrap(wrapped, useOf(store), never), is("keys.denied"));
    const missing = storeOf(`none/${"0".repeat(32)}`);
    await assert.rejects(missing.wrap(payload, useOf(missing), never), is("keys.denied"));
    const otherKind = storeOf(aes.replace(":A256GCM", ""));
    await assert.rejects(otherKind.wrap(payload, useOf(otherKind), never), is("keys.denied"));
  });

  it("tells a key that opens nothing any more from a wrapped key that is not genuine", async () => {
    const store = storeOf(aes);
    const wrapped = Buffer.from(await store.wrap(payload, useOf(store), never));
    server.override = ({ action }) =>
      action === "decrypt" ? refusal(400, "BadParameter") : undefined;
    await assert.rejects(store.unwrap(wrapped, useOf(store), never), is("keys.denied"));
  });

  it("takes no answer in the name of another key or version, and none that is garbage", async () => {
    const store = storeOf(aes);
    const value = randomBytes(65).toString("base64url");
    const parts = { iv: randomBytes(12).toString("base64url"), tag: "AAAAAAAAAAAAAAAAAAAAAA" };
    const kid = `${server.origin}/keys/${aes.replace(":A256GCM", "")}`;
    for (const body of [
      { kid: kid.replace("kek", "other"), value, ...parts },
      { kid: `${kid.slice(0, -1)}x`, value, ...parts },
      { value, ...parts },
      { kid, value: "AAAA", ...parts },
      { kid, value, iv: parts.iv },
      { kid },
      [],
      "",
      "<html>",
      '{"kid":',
    ]) {
      server.override = () => ({ body });
      const said = JSON.stringify(body);
      await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"), said);
    }
    for (const body of [{ kid, value: "AAAA" }, { kid: `${kid}0`, value }, { kid }, "{}"]) {
      server.override = () => ({ body });
      const opened = store.unwrap(randomBytes(93), useOf(store), never);
      await assert.rejects(opened, is("keys.unavailable"), JSON.stringify(body));
    }
  });

  it("takes no envelope of a key of less than 2048 bits", async () => {
    const store = storeOf(await server.makeKey("rsa", { bits: 1536 }));
    await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"));
  });

  it("ends with its signal, before and while it asks", async () => {
    const store = storeOf(rsa);
    const ended = store.wrap(payload, useOf(store), AbortSignal.abort());
    await assert.rejects(ended, is("keys.unavailable"));
    const asking = new AbortController();
    server.override = () => {
      asking.abort();
      return new Promise(() => undefined);
    };
    const cut = store.wrap(payload, useOf(store), asking.signal);
    await assert.rejects(cut, is("keys.unavailable"));
  });
});
