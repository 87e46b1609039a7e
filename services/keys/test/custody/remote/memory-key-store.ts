/** A key store on no network: AES in memory, slow, away or wrong on demand, and counted. */
import { Fault } from "@s3eg/shared/faults.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { AesCustodian } from "../../../src/custody/aes-custodian.ts";
import type { IsRetired, KeyRef, KeyUse, LegacyWrapped } from "../../../src/custody/custodian.ts";
import type { RemoteKeyStore } from "../../../src/custody/remote/remote-key-store.ts";
import { kekOf } from "../../counting-custodian.ts";
import { KEK } from "../../legacy/known-answers.ts";

/** How it behaves until it is told otherwise. `ignores` may hold what it does not check, as a bad store would not. */
export class MemoryKeyStore implements RemoteKeyStore {
  readonly #aes: AesCustodian;
  /** Holds the key of the known answers of format 1. */
  readonly #former = new AesCustodian({
    versions: new Map([[7, new Secret(KEK)]]),
    activeVersion: 7,
  });
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];
  /** Calls that reached it. */
  calls = 0;
  /** Rejects so many calls with `failure`. */
  failuresLeft = 0;
  failure: Error = new Fault("keys.unavailable", "away");
  /** Never answers. */
  isStuck = false;
  ignoresBinding = false;
  /** Changes what it answers to a wrap. */
  garbled: ((wrapped: Uint8Array) => Uint8Array) | undefined;
  isClosed = false;
  /** Versions that were destroyed. */
  readonly gone = new Set<number>();

  /** Version 1 is the active one. */
  constructor(versions: readonly number[] = [1]) {
    const keks = versions.map((version) => [version, kekOf(version)] as const);
    this.#aes = new AesCustodian({ versions: new Map(keks), activeVersion: 1 });
    this.activeKey = this.#aes.activeKey;
    this.readableKeys = this.#aes.readableKeys;
  }

  async wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    await this.#behave(use.key);
    const wrapped = await this.#aes.wrap(payload, this.#bound(use));
    return this.garbled?.(wrapped) ?? wrapped;
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    await this.#behave(use.key);
    return await this.#aes.unwrap(wrappedKey, this.#bound(use));
  }

  async unwrapLegacy(wrapped: LegacyWrapped, isRetired: IsRetired): Promise<Uint8Array> {
    await this.#behave();
    return await this.#former.unwrapLegacy(wrapped, isRetired);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    await Promise.resolve();
  }

  async #behave(key?: KeyRef): Promise<void> {
    this.calls += 1;
    if (key && this.gone.has(key.keyVersion)) throw new Fault("keys.denied", "destroyed");
    if (this.isStuck) await new Promise(() => undefined);
    if (this.failuresLeft > 0) {
      this.failuresLeft -= 1;
      throw this.failure;
    }
  }

  #bound(use: KeyUse): KeyUse {
    return this.ignoresBinding ? { ...use, binding: Buffer.alloc(32) } : use;
  }
}
