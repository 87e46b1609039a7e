import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { LegacyPasswords } from "../../src/legacy/legacy-passwords.ts";
import { is } from "../issued-header.ts";
import { DATA_KEY, DERIVED, PASSWORD, PASSWORD_ENVELOPES, SALT, spoiled } from "./known-answers.ts";

const KDF = { algorithm: "pbkdf2-sha256", iterations: 100_000 } as const;
const OTHER = "some other password";
const passwords = (...texts: string[]) =>
  new LegacyPasswords(new Map(texts.map((text, n) => [n + 1, new Secret(Buffer.from(text))])));
const envelope = (name: keyof typeof PASSWORD_ENVELOPES) =>
  Buffer.from(PASSWORD_ENVELOPES[name], "base64");

describe("keys derived from passwords", () => {
  it("are those of the known answer, newest password first", async () => {
    const hex = (key: Uint8Array) => Buffer.from(key).toString("hex");
    const [only] = await passwords(PASSWORD).derivedKeys(KDF, SALT);
    assert.ok(only);
    assert.equal(hex(only), DERIVED);
    const keys = await passwords(PASSWORD, OTHER).derivedKeys(KDF, SALT);
    assert.equal(keys.length, 2);
    assert.deepEqual(keys.map(hex).indexOf(DERIVED), 1);
  });

  it("are the caller's to wipe: what is kept stays", async () => {
    const kept = passwords(PASSWORD);
    for (let n = 0; n < 2; n += 1) {
      const [key] = await kept.derivedKeys(KDF, SALT);
      assert.ok(key);
      assert.equal(Buffer.from(key).toString("hex"), DERIVED);
      key.fill(0);
    }
  });

  it("are not to be had without a password", async () => {
    await assert.rejects(passwords().derivedKeys(KDF, SALT), is("keys.unknown-key"));
    await assert.rejects(passwords().unwrap(envelope("first")), is("keys.unknown-key"));
  });

  it("cost no more, and no less, than releases asked for", async () => {
    const argon2 = { algorithm: "argon2id", passes: 2, memoryKiB: 19_456, lanes: 1 } as const;
    for (const kdf of [
      { ...KDF, iterations: 99_999 },
      { ...KDF, iterations: 2_000_001 },
      { ...argon2, passes: 0 },
      { ...argon2, passes: 7 },
      { ...argon2, memoryKiB: 262_145 },
      { ...argon2, memoryKiB: 7 },
      { ...argon2, lanes: 0 },
      { ...argon2, lanes: 9 },
    ]) {
      const derived = passwords(PASSWORD).derivedKeys(kdf, SALT);
      await assert.rejects(derived, is("crypto.integrity"), JSON.stringify(kdf));
    }
  });
});

describe("data keys wrapped under a password", () => {
  for (const name of ["first", "second", "pbkdf2", "argon2id"] as const) {
    it(`open in the layout "${name}"`, async () => {
      const opened = await passwords(PASSWORD).unwrap(envelope(name));
      assert.deepEqual(Buffer.from(opened), DATA_KEY);
    });
  }

  it("open under whichever password it is", async () => {
    for (const held of [passwords(PASSWORD, OTHER), passwords(OTHER, PASSWORD)]) {
      assert.deepEqual(Buffer.from(await held.unwrap(envelope("first"))), DATA_KEY);
    }
  });

  it("derive with a former password only where the newest does not open", async () => {
    const revealed: string[] = [];
    const counted = (text: string) => {
      const secret = new Secret(Buffer.from(text));
      const reveal = secret.reveal.bind(secret);
      return Object.assign(secret, {
        reveal() {
          revealed.push(text);
          return reveal();
        },
      });
    };
    const held = new LegacyPasswords(
      new Map([
        [1, counted(OTHER)],
        [2, counted(PASSWORD)],
      ]),
    );
    await held.unwrap(envelope("first"));
    assert.deepEqual(revealed, [PASSWORD]);
    await assert.rejects(held.unwrap(spoiled(envelope("first"))), is("crypto.integrity"));
    assert.deepEqual(revealed, [PASSWORD, OTHER]);
  });

  it("do not open where they are not genuine, or ask for what was never written", async () => {
    const costly = envelope("argon2id");
    costly.writeUInt32BE(0, 5);
    for (const wrapped of [spoiled(envelope("first")), Buffer.alloc(60), costly]) {
      await assert.rejects(passwords(PASSWORD).unwrap(wrapped), is("crypto.integrity"));
    }
    await assert.rejects(passwords(OTHER).unwrap(envelope("first")), is("crypto.integrity"));
  });
});
