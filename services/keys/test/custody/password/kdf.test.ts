import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import {
  configuredWork,
  deriveKek,
  isOfWork,
  keyIdOf,
  parametersOf,
} from "../../../src/custody/password/kdf.ts";
import { load } from "../../config/read-settings.ts";

const salt = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const pbkdf2: KdfWork = { algorithm: "pbkdf2-sha256", iterations: 600_000 };
const argon2id: KdfWork = { algorithm: "argon2id", passes: 2, memoryKiB: 19_456, lanes: 1 };
const PBKDF2_ID = "pbkdf2-sha256:600000:AAECAwQFBgcICQoLDA0ODw";
const ARGON2_ID = "argon2id:2:19456:1:AAECAwQFBgcICQoLDA0ODw";

const derive = async (password: string, work: KdfWork) => {
  const kek = await deriveKek(new Secret(Buffer.from(password)), { work, salt });
  return kek.export().toString("hex");
};

describe("a key id of password mode", () => {
  for (const [id, work] of [
    [PBKDF2_ID, pbkdf2],
    [ARGON2_ID, argon2id],
  ] as const) {
    it(`is spelled ${id}`, () => {
      assert.equal(keyIdOf({ work, salt }), id);
      assert.deepEqual(parametersOf(id), { work, salt });
      assert.ok(isOfWork(id, work));
    });
  }

  it("tells work apart", () => {
    assert.ok(!isOfWork(PBKDF2_ID, argon2id));
    assert.ok(!isOfWork(PBKDF2_ID, { ...pbkdf2, iterations: 600_001 }));
    assert.ok(!isOfWork("", pbkdf2));
  });

  for (const id of [
    "",
    "aes",
    "pbkdf2-sha256:600000",
    "pbkdf2-sha256:0600000:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha256:+600000:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha256:599999:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha256:2000001:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha256:6e5:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha256:600000:1:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha512:600000:AAECAwQFBgcICQoLDA0ODw",
    "pbkdf2-sha256:600000:AAECAwQFBgcICQoLDA0ODx",
    "pbkdf2-sha256:600000:AAECAwQFBgcICQoLDA0ODw==",
    "pbkdf2-sha256:600000:AAECAwQFBgcICQoLDA0O",
    "argon2id:2:19456:AAECAwQFBgcICQoLDA0ODw",
    "argon2id:0:19456:1:AAECAwQFBgcICQoLDA0ODw",
    "argon2id:7:19456:1:AAECAwQFBgcICQoLDA0ODw",
    "argon2id:2:262145:1:AAECAwQFBgcICQoLDA0ODw",
    "argon2id:2:15:2:AAECAwQFBgcICQoLDA0ODw",
    "argon2id:2:19456:9:AAECAwQFBgcICQoLDA0ODw",
    "argon2id:2:99999999999:1:AAECAwQFBgcICQoLDA0ODw",
  ]) {
    it(`is not "${id}"`, () => assert.equal(parametersOf(id), undefined));
  }
});

describe("deriveKek", () => {
  // Made with Python's hashlib.pbkdf2_hmac and argon2-cffi's low_level.hash_secret_raw.
  it("is PBKDF2-HMAC-SHA256", async () => {
    assert.equal(
      await derive("correct horse battery", pbkdf2),
      "bb06c8c0b1dd5bfd4e40f4e297a2d0e64da7ef94b4b8ec20989021c8b41536ad",
    );
  });

  it("is Argon2id", async () => {
    assert.equal(
      await derive("correct horse battery", argon2id),
      "aaecaeb1f79eb8019ba62c34f62fa3e15289f88ff98779ae81de07821992ff1f",
    );
  });
});

describe("configuredWork", () => {
  it("is what the settings ask for", () => {
    assert.deepEqual(configuredWork(load({}).kdf), pbkdf2);
    const env = { ENCRYPTION_KDF_ALGORITHM: "argon2id", ENCRYPTION_KDF_ARGON2ID_THREADS: "4" };
    assert.deepEqual(configuredWork(load(env).kdf), { ...argon2id, lanes: 4 });
  });

  it("is never less than what is safe", () => {
    assert.deepEqual(
      configuredWork(load({ ENCRYPTION_KDF_PBKDF2_ITERATIONS: "100000" }).kdf),
      pbkdf2,
    );
    const env = { ENCRYPTION_KDF_ALGORITHM: "argon2id", ENCRYPTION_KDF_ARGON2ID_MEMORY: "1024" };
    assert.deepEqual(configuredWork(load(env).kdf), argon2id);
  });
});
