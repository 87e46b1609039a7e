import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { type FaultCode, isFault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import type { Pkcs11Key } from "../../../src/config/pkcs11.ts";
import type { RemoteToken } from "../../../src/custody/pkcs11/module-host.ts";
import { Pkcs11KeyStore } from "../../../src/custody/pkcs11/pkcs11-key-store.ts";
import { Token } from "../../../src/custody/pkcs11/token.ts";
import { GuardedCustodian } from "../../../src/custody/remote/guarded-custodian.ts";
import { describeCustodian } from "../custodian-contract.ts";
import { MemoryToken } from "./memory-token.ts";

const guarding = {
  retry: {
    isEnabled: false,
    initialMs: 1,
    maxMs: 1,
    multiplier: 1,
    maxElapsedMs: 60_000,
    attemptTimeoutMs: 60_000,
  },
  breaker: { isEnabled: false, consecutiveFailures: 5, openMs: 1, successThreshold: 1 },
  healthyForMs: 1000,
};
const payload = Buffer.concat([Buffer.of(1), randomBytes(64)]);
const binding = randomBytes(32);
const { signal } = new AbortController();
const is = (code: FaultCode) => (error: unknown) => isFault(error, code);

function near(token: Token): RemoteToken {
  return {
    launch: async () => await Promise.resolve(),
    describe: async (key) => await Promise.resolve(token.describe(key)),
    encrypt: async (key, text) => await Promise.resolve(token.encrypt(key, text)),
    decrypt: async (key, text) => await Promise.resolve(token.decrypt(key, text)),
    [Symbol.asyncDispose]: async () => await Promise.resolve(token.close()),
  };
}

const keyOf = (label: string, more: Partial<Pkcs11Key> = {}): Pkcs11Key => ({
  keyId: label,
  keyVersion: 1,
  mechanism: "AES-GCM",
  label,
  id: undefined,
  ...more,
});

function storeOf(memory: MemoryToken, keys: readonly [Pkcs11Key, ...Pkcs11Key[]]) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ service: "keys", level: "warn", destination });
  const token = near(new Token(memory, { tokenLabel: "memory", pin: "1234" }));
  const envelopeKey = createSecretKey(Buffer.alloc(32, 9));
  return { lines, store: new Pkcs11KeyStore(token, { keys, envelopeKey, log }) };
}

for (const mechanism of ["AES-GCM", "RSA-OAEP-SHA256"] as const) {
  describeCustodian(`Pkcs11KeyStore, guarded, with ${mechanism} in memory,`, async () => {
    const stack = new AsyncDisposableStack();
    const open = () => {
      const memory = new MemoryToken();
      if (mechanism === "AES-GCM") memory.addSecret("kek");
      else memory.addPair("kek");
      const { store } = storeOf(memory, [keyOf("kek", { mechanism })]);
      return stack.use(new GuardedCustodian(store, guarding));
    };
    return await Promise.resolve({
      custodian: open(),
      impostor: open(),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    });
  });
}

describe("Pkcs11KeyStore", () => {
  const memory = new MemoryToken();
  memory.addSecret("kek");
  memory.addSecret("loose", { isKept: false });
  memory.addPair("small", { bits: 1024 });
  memory.addPair("pair");
  const rsa = { mechanism: "RSA-OAEP-SHA256" } as const;
  const use = { key: { provider: "pkcs11", keyId: "kek", keyVersion: 1 } as const, binding };

  it("warns of a key that may leave its token, and of one that only reads and is not there", async () => {
    const { store, lines } = storeOf(memory, [keyOf("loose"), keyOf("gone")]);
    await store.start(signal, store.activeKey);
    assert.match(lines.join(""), /loose\W+ can be taken out.*\n.*gone/);
    const gone = storeOf(memory, [keyOf("gone")]).store;
    await assert.rejects(gone.start(signal, gone.activeKey), is("keys.denied"));
  });

  it("needs the key that writes, whichever is configured first", async () => {
    const { store, lines } = storeOf(memory, [keyOf("gone"), keyOf("kek")]);
    await store.start(signal, use.key);
    assert.match(lines.join(""), /gone/);
    await assert.rejects(store.start(signal, store.activeKey), is("keys.denied"));
  });

  it("refuses RSA keys that are too small, and shows the check value of others", async () => {
    const small = storeOf(memory, [keyOf("small", rsa)]).store;
    await assert.rejects(small.start(signal, small.activeKey), is("keys.denied"));
    const { store } = storeOf(memory, [keyOf("pair", rsa)]);
    assert.equal(store.checkValue(store.activeKey), undefined);
    await store.start(signal, store.activeKey);
    assert.match(store.checkValue(store.activeKey) ?? "", /^[0-9a-f]{16}$/);
  });

  it("takes a vague word for a failure of the token, not for a forgery, where it is one", async () => {
    const { store } = storeOf(memory, [keyOf("kek")]);
    const wrapped = await store.wrap(payload, use, signal);
    memory.failures.set("C_Decrypt", ["CKR_GENERAL_ERROR"]);
    assert.deepEqual(await store.unwrap(wrapped, use, signal), payload);
    memory.failures.set("C_Decrypt", ["CKR_GENERAL_ERROR", "CKR_GENERAL_ERROR"]);
    await assert.rejects(store.unwrap(wrapped, use, signal), is("keys.unavailable"));
    const forged = Buffer.from(wrapped.fill(0, 20, 30));
    await assert.rejects(store.unwrap(forged, use, signal), is("crypto.integrity"));
  });

  it("asks the token nothing about what can be no wrapped key", async () => {
    const { store } = storeOf(memory, [keyOf("kek")]);
    const before = memory.calls.get("C_DecryptInit");
    await assert.rejects(store.unwrap(Buffer.alloc(92), use, signal), is("crypto.integrity"));
    assert.equal(memory.calls.get("C_DecryptInit"), before);
  });
});
