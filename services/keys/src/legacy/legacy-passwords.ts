/** Data keys of format 1 that come from a password: derived for one object, or wrapped under a key derived for one (docs/format-1.md §3, §4). */
import { createSecretKey, type KeyObject } from "node:crypto";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  openPasswordEnvelope,
  parsePasswordEnvelope,
} from "@s3eg/shared/legacy/legacy-password.ts";
import { DerivedKeks } from "../custody/password/derived-keks.ts";
import { deriveBytes, isAffordable } from "../custody/password/kdf.ts";
import type { Passwords } from "../custody/password/password-custodian.ts";

/** Every object has a salt of its own: what is kept saves the second look at the same object, and the limit is one derivation at a time. */
const LIMITS = { maxKept: 512, burst: 10_000, refillMs: 1 };
const LEAST_ITERATIONS = 100_000;

/** The passwords that may have sealed an object. Objects don't say which one did: each is tried, the newest first. */
export class LegacyPasswords {
  readonly #passwords: Passwords;
  readonly #derived = new DerivedKeks((key) => this.#derive(key.keyVersion, key.keyId), LIMITS);

  readonly #isFips: boolean;

  /** `isFips`: Argon2id is refused. */
  constructor(passwords: Passwords, { isFips = false }: { isFips?: boolean } = {}) {
    this.#passwords = passwords;
    this.#isFips = isFips;
  }

  /** The keys that the passwords give with this derivation, one for each password. */
  async derivedKeys(kdf: KdfWork, salt: Uint8Array): Promise<Uint8Array[]> {
    const keys: Uint8Array[] = [];
    for await (const key of this.#derivedOneByOne(kdf, salt)) keys.push(key);
    return keys;
  }

  /** The data key of an envelope. `crypto.integrity` if no password opens it. */
  async unwrap(wrappedKey: Uint8Array): Promise<Uint8Array> {
    const envelope = parsePasswordEnvelope(wrappedKey);
    for await (const key of this.#derivedOneByOne(envelope.kdf, envelope.salt)) {
      try {
        return openPasswordEnvelope(envelope, key);
      } catch {
        // Another password may be the one.
      } finally {
        key.fill(0);
      }
    }
    throw new Fault("crypto.integrity", "wrapped key opens under none of the passwords");
  }

  /** None is derived before it is asked for: each costs what a password must cost. */
  async *#derivedOneByOne(kdf: KdfWork, salt: Uint8Array): AsyncGenerator<Uint8Array> {
    refuseTooMuch(kdf);
    if (this.#isFips && kdf.algorithm === "argon2id") {
      throw new Fault("crypto.not-permitted", "the FIPS profile has no Argon2id");
    }
    const keyId = JSON.stringify([kdf, Buffer.from(salt).toString("base64")]);
    for (const keyVersion of this.#newestFirst()) {
      const kek = await this.#derived.kekOf({ provider: "password", keyId, keyVersion });
      yield kek.export();
    }
  }

  #newestFirst(): number[] {
    if (this.#passwords.size > 0) return [...this.#passwords.keys()].sort((a, b) => b - a);
    throw new Fault("keys.unknown-key", "object needs a password, and none is configured");
  }

  async #derive(number: number, keyId: string): Promise<KeyObject> {
    const password = this.#passwords.get(number);
    if (!password) throw new Fault("keys.unknown-key", `there is no password ${number}`);
    const [kdf, salt] = JSON.parse(keyId) as [KdfWork, string];
    const bytes = await deriveBytes(password.reveal(), kdf, Buffer.from(salt, "base64"));
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return key;
  }
}

/** The parameters are anybody's who can write to the backend: they must not cost us more than a writer ever asked for. */
function refuseTooMuch(work: KdfWork): void {
  if (isAffordable(work, LEAST_ITERATIONS)) return;
  throw new Fault(
    "crypto.integrity",
    "object asks for a key derivation outside of what is allowed",
  );
}
