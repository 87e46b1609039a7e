import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { LegacyKeySource } from "@s3eg/shared/legacy/legacy-object.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { LegacyWrapped } from "../../src/custody/custodian.ts";
import { LegacyMemoryKey } from "../../src/custody/legacy-memory-key.ts";
import { type LegacyKeyStores, legacyDataKeys } from "../../src/legacy/legacy-keys.ts";
import { LegacyPasswords } from "../../src/legacy/legacy-passwords.ts";
import { is } from "../issued-header.ts";
import {
  DATA_KEY,
  DERIVED,
  KEK,
  MEMORY_WRAPPED,
  NONE_RETIRED,
  PASSWORD,
  PASSWORD_ENVELOPES,
  SALT,
} from "./known-answers.ts";

/** Key stores, of which the remote ones say what they were asked and answer `dataKey`. */
function stores(wish: Partial<LegacyKeyStores> & { dataKey?: Uint8Array } = {}) {
  const asked: [Provider, LegacyWrapped][] = [];
  const { dataKey = DATA_KEY } = wish;
  const all: LegacyKeyStores = {
    custodians: {
      async unwrapLegacyOf(provider, wrapped) {
        asked.push([provider, wrapped]);
        return await Promise.resolve(Buffer.from(dataKey));
      },
    },
    passwords: new LegacyPasswords(new Map([[1, new Secret(Buffer.from(PASSWORD))]])),
    memory: new LegacyMemoryKey(KEK.toString("hex")),
    acceptsForgeable: false,
    isRetired: NONE_RETIRED,
    ...wish,
  };
  return { all, asked };
}

const wrappedBy = (provider: string, wish: Partial<LegacyWrapped> = {}): LegacyKeySource => ({
  kind: "wrapped",
  provider,
  ...MEMORY_WRAPPED,
  ...wish,
});

describe("the data key of an object of format 1", () => {
  it("comes from the password where none is wrapped", async () => {
    const kdf = { algorithm: "pbkdf2-sha256", iterations: 100_000 } as const;
    const keys = await legacyDataKeys(stores().all, { kind: "password", salt: SALT, kdf });
    assert.deepEqual(
      keys.map((key) => Buffer.from(key).toString("hex")),
      [DERIVED],
    );
  });

  it("is unwrapped by the password or the memory key where the object names them", async () => {
    const { all, asked } = stores();
    const wrappedKey = Buffer.from(PASSWORD_ENVELOPES.first, "base64");
    for (const source of [wrappedBy("password", { wrappedKey }), wrappedBy("memory")]) {
      const [key] = await legacyDataKeys(all, source);
      assert.ok(key);
      assert.deepEqual(Buffer.from(key), DATA_KEY);
    }
    assert.deepEqual(asked, []);
  });

  it("is asked of the custodian that the object names", async () => {
    for (const [provider, keyId, expected] of [
      ["self_contained", "self-contained-aes-v7", "aes"],
      ["self_contained", "self-contained-rsa-0123456789abcdef", "rsa"],
      ["cosmian-kmip", "an id", "kmip"],
      ["openbao-transit", "vault-transit:transit/kek", "transit"],
      ["vault-transit", "vault-transit:transit/kek", "transit"],
    ] as const) {
      const { all, asked } = stores({ acceptsForgeable: true });
      const source = wrappedBy(provider, { keyId });
      assert.deepEqual(await legacyDataKeys(all, source), [DATA_KEY], provider);
      assert.deepEqual(asked, [[expected, source]]);
    }
  });

  it("is nobody's where the store is not known, or not configured", async () => {
    for (const [provider, keyId] of [
      ["hsm", "x"],
      ["self_contained", "self-contained-other-v1"],
      ["", ""],
    ] as const) {
      const { all, asked } = stores({ acceptsForgeable: true });
      const keys = legacyDataKeys(all, wrappedBy(provider, { keyId }));
      await assert.rejects(keys, is("keys.unknown-key"), provider);
      assert.deepEqual(asked, []);
    }
    const { all } = stores({ memory: undefined });
    await assert.rejects(legacyDataKeys(all, wrappedBy("memory")), is("keys.unknown-key"));
  });

  it("that anybody can have wrapped (RSA) is not opened unless the settings say so", async () => {
    const { all, asked } = stores();
    const source = wrappedBy("self_contained", { keyId: "self-contained-rsa-0123456789abcdef" });
    await assert.rejects(
      legacyDataKeys(all, source),
      (error) =>
        is("crypto.not-permitted")(error) && /legacy\.accept_forgeable/.test(String(error)),
    );
    assert.deepEqual(asked, []);
  });

  it("has 32 bytes; what has not is wiped", async () => {
    for (const size of [16, 31, 33]) {
      const answer = Buffer.alloc(size, 1);
      const { all } = stores({
        custodians: { unwrapLegacyOf: () => Promise.resolve(answer) },
      });
      const source = wrappedBy("vault-transit");
      await assert.rejects(legacyDataKeys(all, source), is("crypto.integrity"));
      assert.deepEqual(answer, Buffer.alloc(size));
    }
  });
});
