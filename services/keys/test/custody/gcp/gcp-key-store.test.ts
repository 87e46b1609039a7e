import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { GcpKeyStore } from "../../../src/custody/gcp/gcp-key-store.ts";
import { is } from "../../issued-header.ts";
import { crc32cOf, GcpDouble, gcpKey, letSdkIn, refusal } from "./gcp-double.ts";

const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);
const never = new AbortController().signal;
const [OLD, FRESH] = [gcpKey("old"), gcpKey("fresh")];

describe("GcpKeyStore", () => {
  let login: AsyncDisposable;
  let server: GcpDouble;
  let opened: AsyncDisposableStack;
  before(async () => {
    login = await letSdkIn();
  });
  after(() => login[Symbol.asyncDispose]());
  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    server = opened.use(await GcpDouble.start(OLD, FRESH));
  });
  afterEach(() => opened.disposeAsync());

  const storeOf = (key: string, ...others: string[]) => {
    const client = new KeyManagementServiceClient({
      fallback: true,
      apiEndpoint: "127.0.0.1",
      port: Number(new URL(server.origin).port),
      protocol: "http",
    });
    const keys = [key, ...others] as const;
    return opened.use(new GcpKeyStore(client, { keys, timeoutMs: 10_000 }));
  };
  const useOf = (store: GcpKeyStore, n = 0) => ({
    key: store.readableKeys[n] ?? store.activeKey,
    binding,
  });

  it("gives Google the binding as associated data, with the checksums of all it sends", async () => {
    const store = storeOf(OLD);
    const wrapped = await store.wrap(payload, useOf(store), never);
    assert.deepEqual(Buffer.from(await store.unwrap(wrapped, useOf(store), never)), payload);
    const [encrypt, decrypt] = server.asked;
    const associated = {
      additionalAuthenticatedData: binding.toString("base64"),
      additionalAuthenticatedDataCrc32c: crc32cOf(binding),
    };
    const plaintext = payload.toString("base64");
    const ciphertext = Buffer.from(wrapped).toString("base64");
    assert.deepEqual(encrypt, {
      name: OLD,
      action: "encrypt",
      input: { plaintext, plaintextCrc32c: crc32cOf(payload), ...associated },
    });
    assert.deepEqual(decrypt, {
      name: OLD,
      action: "decrypt",
      input: { ciphertext, ciphertextCrc32c: crc32cOf(wrapped), ...associated },
    });
    const elsewhere = { ...useOf(store), binding: Buffer.alloc(32, 0xab) };
    await assert.rejects(store.unwrap(wrapped, elsewhere, never), is("crypto.integrity"));
  });

  it("opens what it wrapped before Google rotated the key within", async () => {
    const store = storeOf(OLD);
    const wrapped = await store.wrap(payload, useOf(store), never);
    server.keys.get(OLD)?.push(randomBytes(32));
    assert.deepEqual(Buffer.from(await store.unwrap(wrapped, useOf(store), never)), payload);
    await store.unwrap(await store.wrap(payload, useOf(store), never), useOf(store), never);
  });

  it("opens under the key that is named and no other", async () => {
    const store = storeOf(FRESH, OLD);
    assert.deepEqual(store.activeKey, { provider: "gcp", keyId: FRESH, keyVersion: 0 });
    const wrapped = await store.wrap(payload, useOf(store), never);
    await assert.rejects(store.unwrap(wrapped, useOf(store, 1), never), is("crypto.integrity"));
    const unknown = { key: { ...store.activeKey, keyId: gcpKey("none") }, binding };
    await assert.rejects(store.unwrap(wrapped, unknown, never), is("keys.unknown-key"));
  });

  it("is denied what is disabled, not there or not allowed", async () => {
    const store = storeOf(OLD, gcpKey("none"));
    const wrapped = await store.wrap(payload, useOf(store), never);
    await assert.rejects(store.wrap(payload, useOf(store, 1), never), is("keys.denied"));
    server.disabled.add(OLD);
    await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.denied"));
    await assert.rejects(store.unwrap(wrapped, useOf(store), never), is("keys.denied"));
    for (const answer of [
      refusal(403, "PERMISSION_DENIED"),
      refusal(401, "UNAUTHENTICATED"),
      refusal(400, "INVALID_ARGUMENT"),
    ]) {
      server.override = () => answer;
      await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.denied"));
      await assert.rejects(store.unwrap(wrapped, useOf(store), never), is("keys.denied"));
    }
  });

  it("is unavailable, after one question, where Google is full or fails", async () => {
    const store = storeOf(OLD);
    for (const answer of [
      refusal(429, "RESOURCE_EXHAUSTED"),
      refusal(503, "UNAVAILABLE"),
      refusal(500, "INTERNAL"),
      { status: 502, body: "<html>" },
    ]) {
      server.asked.length = 0;
      server.override = () => answer;
      await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"));
      assert.equal(server.asked.length, 1);
    }
  });

  for (const [what, bent] of [
    ["a wrong checksum", { ciphertextCrc32c: "1" }],
    ["no checksum", { ciphertextCrc32c: undefined }],
    ["another ciphertext", { ciphertext: "AAAA" }],
    ["no ciphertext", { ciphertext: undefined }],
    ["a plaintext that was not checked", { verifiedPlaintextCrc32c: false }],
    ["associated data that was not checked", { verifiedAdditionalAuthenticatedDataCrc32c: false }],
    ["another key", { name: `${FRESH}/cryptoKeyVersions/1` }],
    ["a key that begins alike", { name: `${OLD}er/cryptoKeyVersions/1` }],
    ["no key", { name: undefined }],
  ] as const) {
    it(`takes no wrap with ${what}`, async () => {
      server.bend = (body) => ({ ...body, ...bent });
      const store = storeOf(OLD);
      await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"));
    });
  }

  it("takes no plaintext with a wrong checksum or none, and none of another length", async () => {
    const store = storeOf(OLD);
    const wrapped = await store.wrap(payload, useOf(store), never);
    const short = randomBytes(64);
    for (const bent of [
      { plaintextCrc32c: "1" },
      { plaintextCrc32c: undefined },
      { plaintext: undefined },
      { plaintext: short.toString("base64"), plaintextCrc32c: crc32cOf(short) },
    ]) {
      server.bend = (body) => ({ ...body, ...bent });
      const unwrapped = store.unwrap(wrapped, useOf(store), never);
      await assert.rejects(unwrapped, is("keys.unavailable"), JSON.stringify(bent));
    }
  });

  it("takes garbage for no answer", async () => {
    const store = storeOf(OLD);
    for (const body of ["", "<html>", "{}", "[]", "null", '{"plaintext":1}', '{"ciphertext":']) {
      server.override = () => ({ body });
      await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"), body);
      const unwrapped = store.unwrap(Buffer.alloc(120, 1), useOf(store), never);
      await assert.rejects(unwrapped, is("keys.unavailable"), body);
    }
  });

  it("ends with its signal", async () => {
    const store = storeOf(OLD);
    const ended = store.wrap(payload, useOf(store), AbortSignal.abort());
    await assert.rejects(ended, is("keys.unavailable"));
    assert.equal(server.asked.length, 0);
  });
});
