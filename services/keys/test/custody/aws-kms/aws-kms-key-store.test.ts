import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { KMS } from "@aws-sdk/client-kms";
import { awsKmsKey } from "../../../src/config/aws-kms.ts";
import { AwsKmsKeyStore } from "../../../src/custody/aws-kms/aws-kms-key-store.ts";
import { is } from "../../issued-header.ts";
import { AwsKmsDouble, exception } from "./aws-kms-double.ts";

const payload = Buffer.alloc(65, 0x55);
const binding = Buffer.alloc(32, 0xaa);
const never = new AbortController().signal;

describe("AwsKmsKeyStore", () => {
  let server: AwsKmsDouble;
  let opened: AsyncDisposableStack;
  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    server = opened.use(await AwsKmsDouble.start("old-key", "new-key", "mrk-1"));
  });
  afterEach(() => opened.disposeAsync());

  const storeOf = (target: string, ...more: string[]) => {
    const client = new KMS({
      endpoint: server.endpoint,
      region: "eu-central-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      maxAttempts: 1,
    });
    const [first, ...others] = [target, ...more].map((name) => awsKmsKey(name));
    assert.ok(first);
    const rest = others.filter((key) => key !== undefined);
    return opened.use(new AwsKmsKeyStore(client, [first, ...rest]));
  };
  const useOf = (store: AwsKmsKeyStore, n = 0) => ({
    key: store.readableKeys[n] ?? store.activeKey,
    binding,
  });

  it("gives AWS the binding and nothing else as encryption context, and the key it means", async () => {
    const store = storeOf("old-key");
    const wrapped = await store.wrap(payload, useOf(store), never);
    assert.deepEqual(Buffer.from(await store.unwrap(wrapped, useOf(store), never)), payload);
    for (const { input } of server.asked) {
      assert.deepEqual(input.EncryptionContext, { "s3eg-binding": binding.toString("base64") });
      assert.equal(input.KeyId, "old-key");
    }
  });

  it("calls every replica of a multi-region key the same", () => {
    const arn = (region: string) => `arn:aws:kms:${region}:123456789012:key/mrk-1`;
    const [here, there] = [storeOf(arn("eu-central-1")), storeOf(arn("us-west-2"))];
    assert.deepEqual(here.activeKey, { provider: "aws-kms", keyId: "mrk-1", keyVersion: 0 });
    assert.deepEqual(there.activeKey, here.activeKey);
  });

  it("opens what an alias wrapped before it was moved, where the key of before is configured", async () => {
    server.aliases.set("alias/kek", "old-key");
    const before = storeOf("alias/kek");
    const wrapped = await before.wrap(payload, useOf(before), never);
    server.aliases.set("alias/kek", "new-key");
    await assert.rejects(before.unwrap(wrapped, useOf(before), never), is("crypto.integrity"));
    const after = storeOf("alias/kek", "mrk-1", "old-key");
    assert.deepEqual(Buffer.from(await after.unwrap(wrapped, useOf(after), never)), payload);
  });

  it("opens under the key that is named and no other", async () => {
    const store = storeOf("new-key", "old-key");
    const wrapped = await store.wrap(payload, useOf(store), never);
    await assert.rejects(store.unwrap(wrapped, useOf(store, 1), never), is("crypto.integrity"));
    const unknown = { key: { ...store.activeKey, keyId: "mrk-1" }, binding };
    await assert.rejects(store.unwrap(wrapped, unknown, never), is("keys.unknown-key"));
  });

  it("tells access denied to a key from access denied to what nobody knows", async () => {
    const store = storeOf("old-key");
    const wrapped = await store.wrap(payload, useOf(store), never);
    let refusals = 1;
    server.override = (action) =>
      action === "Decrypt" && refusals-- > 0 ? exception("AccessDeniedException") : undefined;
    await assert.rejects(store.unwrap(wrapped, useOf(store), never), is("crypto.integrity"));
    server.override = (action) =>
      action === "Decrypt" ? exception("AccessDeniedException") : undefined;
    await assert.rejects(store.unwrap(wrapped, useOf(store), never), is("keys.denied"));
  });

  for (const [what, body] of [
    ["nothing", ""],
    ["a page", "<html>"],
    ["no ciphertext", { KeyId: "arn:aws:kms:eu-central-1:123456789012:key/old-key" }],
    [
      "a ciphertext of another key",
      { KeyId: "arn:aws:kms:eu-central-1:123456789012:key/new-key", CiphertextBlob: "AAAA" },
    ],
    ["a ciphertext of no key", { CiphertextBlob: "AAAA" }],
  ] as const) {
    it(`takes ${what} for no wrap`, async () => {
      server.override = () => ({ body });
      const store = storeOf("old-key");
      await assert.rejects(store.wrap(payload, useOf(store), never), is("keys.unavailable"));
    });
  }

  it("takes no plaintext of another length, and none of another key", async () => {
    const store = storeOf("old-key");
    const KeyId = "arn:aws:kms:eu-central-1:123456789012:key/old-key";
    for (const answer of [
      { KeyId, Plaintext: randomBytes(64).toString("base64") },
      { KeyId: `${KeyId}x`, Plaintext: randomBytes(65).toString("base64") },
      { KeyId },
    ]) {
      server.override = () => ({ body: answer });
      const unwrapped = store.unwrap(Buffer.alloc(120, 1), useOf(store), never);
      await assert.rejects(unwrapped, is("keys.unavailable"));
    }
  });

  it("ends with its signal", async () => {
    const store = storeOf("old-key");
    const ended = AbortSignal.abort();
    await assert.rejects(store.wrap(payload, useOf(store), ended), is("keys.unavailable"));
  });
});
