/** The password custodian: KEKs derived from passwords, one for each epoch and not for each object (format.md §10). */

import type { KeyObject } from "node:crypto";
import type { KdfWork } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import {
  type ActiveCustodian,
  type Custodian,
  isSameKey,
  type KeyRef,
  type KeyUse,
} from "../custodian.ts";
import { checkValueOf, unwrapUnderKek, wrapUnderKek } from "../kek-envelope.ts";
import { DerivedKeks } from "./derived-keks.ts";
import { currentEpoch, type Epoch, isOver } from "./epochs.ts";
import { deriveKek, parametersOf } from "./kdf.ts";

/** Passwords by number. */
export type Passwords = ReadonlyMap<number, Secret<Uint8Array>>;

/** Reads what was wrapped under any epoch of its passwords; derives nothing before the first object that needs it. */
export class PasswordReader implements Custodian {
  readonly #passwords: Passwords;
  readonly #keks = new DerivedKeks((key) => this.#derive(key));

  readonly #isFips: boolean;

  /** `isFips`: Argon2id derives nothing, and a key id that names it names no key. */
  constructor(passwords: Passwords, { isFips = false }: { isFips?: boolean } = {}) {
    this.#passwords = passwords;
    this.#isFips = isFips;
  }

  /** Epochs are not known by name: headers bring them. */
  get readableKeys(): readonly KeyRef[] {
    return [];
  }

  keyNamed({ provider, keyId, keyVersion }: KeyRef): KeyRef | undefined {
    const work = parametersOf(keyId)?.work;
    const isAllowed = work !== undefined && !(this.#isFips && work.algorithm === "argon2id");
    const isOurs = provider === "password" && this.#passwords.has(keyVersion) && isAllowed;
    return isOurs ? { provider, keyId, keyVersion } : undefined;
  }

  async start(): Promise<void> {
    await Promise.resolve();
  }

  async wrap(payload: Uint8Array, { key, binding }: KeyUse): Promise<Uint8Array> {
    return wrapUnderKek(await this.kekOf(key), payload, binding);
  }

  async unwrap(wrappedKey: Uint8Array, { key, binding }: KeyUse): Promise<Uint8Array> {
    const payload = unwrapUnderKek(await this.kekOf(key), wrappedKey, binding);
    this.#keks.prove(key);
    return payload;
  }

  /** In memory there is nothing that could be away. */
  async check(): Promise<void> {
    await Promise.resolve();
  }

  checkValue(_key: KeyRef): string | undefined {
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  protected async kekOf(key: KeyRef): Promise<KeyObject> {
    return await this.#keks.kekOf(key);
  }

  async #derive({ keyId, keyVersion }: KeyRef): Promise<KeyObject> {
    const password = this.#passwords.get(keyVersion);
    const parameters = parametersOf(keyId);
    if (password && parameters) return await deriveKek(password, parameters);
    throw new Fault("keys.unknown-key", `password ${keyVersion} is not configured for this key id`);
  }
}

/** What a password that writes needs besides. */
export interface PasswordWriting {
  /** Number of the password that writes. */
  readonly activeVersion: number;
  readonly work: KdfWork;
  /** See PasswordReader. */
  readonly isFips?: boolean;
  /** Where the epoch is kept. */
  readonly folder: string;
  readonly log: Log;
  /** Unix time in milliseconds, for tests. */
  readonly now?: () => number;
}

/** How often it is looked whether the epoch is over. */
const LOOK_EVERY_MS = 60 * 60 * 1000;

/** Reads like any, and wraps under the KEK of the current epoch, which is derived when it begins and at the start. */
export class PasswordCustodian extends PasswordReader implements ActiveCustodian {
  readonly #writing: PasswordWriting;
  readonly #now: () => number;
  #epoch: Epoch | undefined;
  #kek: KeyObject | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(passwords: Passwords, writing: PasswordWriting) {
    super(passwords, writing);
    if (!passwords.has(writing.activeVersion)) {
      throw new Fault("config.invalid", `there is no password ${writing.activeVersion}`);
    }
    this.#writing = writing;
    this.#now = writing.now ?? Date.now;
  }

  get activeKey(): KeyRef {
    const { provider, keyId, keyVersion } = this.#begun();
    return { provider, keyId, keyVersion };
  }

  override get readableKeys(): readonly KeyRef[] {
    return this.#epoch ? [this.activeKey] : [];
  }

  /** Finds or begins the epoch, and derives its KEK. */
  override async start(): Promise<void> {
    await this.renew();
    this.#timer = setInterval(() => {
      this.renew().catch((error: unknown) => {
        this.#writing.log.warn({ err: error }, "no new epoch of the password; the old one goes on");
      });
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Begins a new epoch if the current one is over. Until its KEK is there the old one is used. */
  async renew(): Promise<void> {
    const nowMs = this.#now();
    if (this.#epoch && !isOver(this.#epoch, nowMs)) return;
    const { folder, work, activeVersion } = this.#writing;
    const epoch = await currentEpoch({ folder, work, keyVersion: activeVersion }, nowMs);
    const kek = await this.kekOf(epoch);
    [this.#epoch, this.#kek] = [epoch, kek];
  }

  override checkValue(key: KeyRef): string | undefined {
    const kek = this.#currentKek(key);
    return kek && checkValueOf(kek);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await super[Symbol.asyncDispose]();
  }

  /** The current epoch's is at hand: whatever key ids headers bring, it can't be pushed out. */
  protected override async kekOf(key: KeyRef): Promise<KeyObject> {
    return this.#currentKek(key) ?? (await super.kekOf(key));
  }

  #currentKek(key: KeyRef): KeyObject | undefined {
    return this.#epoch && isSameKey(this.#epoch, key) ? this.#kek : undefined;
  }

  #begun(): Epoch {
    if (this.#epoch) return this.#epoch;
    throw new Error("the password custodian was not started");
  }
}
