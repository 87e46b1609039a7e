import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import type { LegacyKeyStores } from "../src/legacy/legacy-keys.ts";
import { LegacyPasswords } from "../src/legacy/legacy-passwords.ts";
import { unwrapLegacyKeyAnswerer } from "../src/unwrap-legacy-key.ts";
import { is } from "./issued-header.ts";
import {
  AES_WRAPPED,
  DATA_KEY,
  DERIVED,
  NONE_RETIRED,
  PASSWORD,
  SALT,
} from "./legacy/known-answers.ts";

const passwords = (...texts: string[]) =>
  new LegacyPasswords(new Map(texts.map((text, n) => [n + 1, new Secret(Buffer.from(text))])));
const stores = (wish: Partial<LegacyKeyStores> = {}): LegacyKeyStores => ({
  custodians: { unwrapLegacyOf: () => Promise.resolve(Buffer.from(DATA_KEY)) },
  passwords: passwords(PASSWORD, "some other password"),
  memory: undefined,
  acceptsForgeable: false,
  isRetired: NONE_RETIRED,
  ...wish,
});

describe("unwrapLegacyKey", () => {
  it("answers every key that a password may have given", async () => {
    const { dataKeys } = await unwrapLegacyKeyAnswerer(stores())({
      source: {
        kind: "password",
        salt: SALT.toString("base64"),
        kdf: { algorithm: "pbkdf2-sha256", iterations: 100_000 },
      },
    });
    assert.equal(dataKeys.length, 2);
    assert.ok(dataKeys.some((key) => Buffer.from(DERIVED, "hex").equals(key)));
  });

  it("answers the one that was wrapped, and keeps no copy", async () => {
    const kept = Buffer.from(DATA_KEY);
    const asked: Uint8Array[] = [];
    const custodians: LegacyKeyStores["custodians"] = {
      async unwrapLegacyOf(_provider, { wrappedKey }) {
        asked.push(wrappedKey);
        return await Promise.resolve(kept);
      },
    };
    const answer = await unwrapLegacyKeyAnswerer(stores({ custodians }))({
      source: {
        kind: "wrapped",
        provider: "self_contained",
        ...AES_WRAPPED,
        wrappedKey: Buffer.from(AES_WRAPPED.wrappedKey).toString("base64"),
      },
    });
    assert.deepEqual(answer, { dataKeys: [DATA_KEY] });
    assert.deepEqual(asked, [AES_WRAPPED.wrappedKey]);
    assert.equal(answer.dataKeys[0], kept);
  });

  it("refuses what asks for a key store that is not there", async () => {
    const source = { kind: "wrapped", provider: "memory", keyId: "", keyVersion: "" } as const;
    const asked = unwrapLegacyKeyAnswerer(stores())({ source: { ...source, wrappedKey: "AAAA" } });
    await assert.rejects(asked, is("keys.unknown-key"));
  });
});
