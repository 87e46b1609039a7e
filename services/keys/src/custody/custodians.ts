/** Custodians beside each other: one wraps new data keys, all of them open what was wrapped under their keys. */

import type { KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import {
  type ActiveCustodian,
  type Custodian,
  type IsRetired,
  isSameKey,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
} from "./custodian.ts";
import { unknownWish, wrappingVersion } from "./key-wish.ts";

/** Keys that policies may choose: one of a custodian, or any of it. */
export interface ChoosableKeys {
  readonly provider: Provider;
  readonly keyId?: string | undefined;
  readonly custodian: ActiveCustodian;
}

/** What there is beside the active custodian. */
export interface BesideActive {
  readonly readers: readonly Custodian[];
  /** Each custodian is the active one or among the readers. Absent: policies choose nothing. */
  readonly choosable?: readonly ChoosableKeys[];
  readonly log: Log;
}

/** The custodians of a process, as one. Only the active one counts for its health: what the others hold may be away for a while. */
export class Custodians implements ActiveCustodian {
  readonly #active: ActiveCustodian;
  readonly #all: readonly Custodian[];
  readonly #choosable: readonly ChoosableKeys[];
  readonly #starts = new Map<Custodian, Promise<void>>();
  readonly #log: Log;

  constructor(active: ActiveCustodian, { readers, choosable = [], log }: BesideActive) {
    this.#active = active;
    this.#all = [active, ...readers];
    this.#choosable = choosable;
    this.#log = log;
  }

  get activeKey(): KeyRef {
    return this.#active.activeKey;
  }

  get readableKeys(): readonly KeyRef[] {
    return this.#all.flatMap(({ readableKeys }) => readableKeys);
  }

  get policyKeys(): readonly KeyRef[] {
    const versions = this.#choosable.flatMap(({ keyId, custodian }) => {
      const ids = keyId === undefined ? custodian.readableKeys.map((key) => key.keyId) : [keyId];
      return [...new Set(ids)].flatMap((id) => wrappingVersion(custodian, id) ?? []);
    });
    return versions.filter(
      (key, at) =>
        !isSameKey(key, this.activeKey) && versions.findIndex((one) => isSameKey(one, key)) === at,
    );
  }

  /** The key stores that policies may choose beside the active one. */
  get policyStores(): readonly Pick<ChoosableKeys, "provider" | "custodian">[] {
    const others = this.#choosable.filter(({ custodian }) => custodian !== this.#active);
    return others.filter(
      ({ custodian }, at) => others.findIndex((one) => one.custodian === custodian) === at,
    );
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    return this.#holderOf(named)?.keyNamed(named);
  }

  /** Why a policy may not have what it wishes for; undefined where it may. Needs no start. */
  wishProblem(wish: KeyWish): string | undefined {
    return this.#choosableOf(wish) ? undefined : unknownWish(wish);
  }

  keyFor(wish: KeyWish): KeyRef | undefined {
    const found = this.#choosableOf(wish);
    return found && wrappingVersion(found.custodian, wish.keyId);
  }

  /** Rejects if the active one does. Another one that is away now is started, or asked, when an object needs it. */
  async start(writes?: () => KeyRef): Promise<void> {
    await this.#started(this.#active, () => this.#active.start(writes));
    const readers = this.#all.filter((custodian) => custodian !== this.#active);
    await Promise.all(
      readers.map(async (reader) => {
        try {
          await this.#started(reader);
        } catch (error) {
          if (!isFault(error, "keys.unavailable", "keys.denied")) throw error;
          this.#log.warn({ err: error }, "a key store that is only read from is away");
        }
      }),
    );
  }

  /** What a start proves of a key store holds before anything is wrapped by it. */
  async wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    const holder = this.#needed(use.key);
    await this.#started(holder);
    return await holder.wrap(payload, use);
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    return await this.#needed(use.key).unwrap(wrappedKey, use);
  }

  /** What the format of before wrapped with a provider. `keys.unknown-key` where none of that kind is configured. */
  async unwrapLegacyOf(
    provider: Provider,
    wrapped: LegacyWrapped,
    isRetired: IsRetired,
  ): Promise<Uint8Array> {
    const holder = this.#all.find(
      (custodian) =>
        custodian.unwrapLegacy &&
        (custodian.readableKeys.some((key) => key.provider === provider) ||
          custodian.keyNamed({ provider, keyId: wrapped.keyId, keyVersion: 0 })),
    );
    if (holder?.unwrapLegacy) return await holder.unwrapLegacy(wrapped, isRetired);
    throw new Fault("keys.unknown-key", `no key store of kind ${provider} is configured`);
  }

  async check(writes?: KeyRef): Promise<void> {
    await this.#active.check(writes);
  }

  checkValue(key: KeyRef): string | undefined {
    return this.#holderOf(key)?.checkValue(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((custodian) => custodian[Symbol.asyncDispose]()));
  }

  #choosableOf(wish: KeyWish): ChoosableKeys | undefined {
    return this.#choosable.find(({ provider, keyId, custodian }) => {
      if (provider !== wish.provider) return false;
      if (wish.keyId === undefined) {
        return keyId === undefined || custodian.activeKey.keyId === keyId;
      }
      const isThere = custodian.readableKeys.some((key) => key.keyId === wish.keyId);
      return isThere && (keyId ?? wish.keyId) === wish.keyId;
    });
  }

  /** Once it has worked it is over; otherwise it is tried again by who needs it next. */
  async #started(custodian: Custodian, begin = () => custodian.start()): Promise<void> {
    const start = this.#starts.get(custodian) ?? begin();
    this.#starts.set(custodian, start);
    try {
      await start;
    } catch (error) {
      if (this.#starts.get(custodian) === start) this.#starts.delete(custodian);
      throw error;
    }
  }

  #holderOf(key: KeyRef): Custodian | undefined {
    return this.#all.find((custodian) => custodian.keyNamed(key) !== undefined);
  }

  #needed(key: KeyRef): Custodian {
    const holder = this.#holderOf(key);
    if (holder) return holder;
    throw new Fault("keys.unknown-key", `no custodian holds version ${key.keyVersion} of that key`);
  }
}
