/** A custodian under the decisions of operators: another version may write than the configuration says, and a retired one is refused. */
import { isWished, type KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  type ActiveCustodian,
  isSameKey,
  type KeyRef,
  type KeyUse,
  refuseRetired,
} from "../custody/custodian.ts";
import type { VersionState, VersionStates } from "./version-states.ts";
import { WrapsUnderWay } from "./wraps-under-way.ts";

/** A configured version and what it may do. */
export interface StatedVersion {
  readonly key: KeyRef;
  readonly state: VersionState;
}

/**
 * What a decision changes of a custodian, from the moment it is made. It chooses between versions of the key store that the
 * configuration writes with; moving to another store is a change of the configuration, after which the old decision no longer counts.
 */
export class StatedCustodian implements ActiveCustodian {
  readonly #inner: ActiveCustodian;
  readonly #states: VersionStates;
  /** Of new data keys and of all others. */
  readonly wraps = new WrapsUnderWay();

  /** Takes the inner custodian over: closing this one closes it. */
  constructor(inner: ActiveCustodian, states: VersionStates) {
    this.#inner = inner;
    this.#states = states;
  }

  get activeKey(): KeyRef {
    const decided = this.#states.current()?.active;
    const configured = this.#inner.activeKey;
    return decided?.provider === configured.provider ? decided : configured;
  }

  /** What policies may choose is the configuration's to say; of the active key they get the version that was decided. */
  keyFor(wish: KeyWish): KeyRef | undefined {
    const { activeKey } = this;
    return isWished(activeKey, wish) ? activeKey : this.#inner.keyFor?.(wish);
  }

  get policyKeys(): readonly KeyRef[] {
    const { activeKey } = this;
    const keys = this.#inner.policyKeys ?? [];
    return keys.filter((key) => !isWished(activeKey, key) && !this.#states.isRetired(key));
  }

  get readableKeys(): readonly KeyRef[] {
    return this.#inner.readableKeys.filter((key) => !this.#states.isRetired(key));
  }

  /** Every configured version and what it may do. */
  states(): StatedVersion[] {
    const { activeKey, policyKeys } = this;
    return this.#inner.readableKeys.map((key) => {
      if (this.#states.isRetired(key)) return { key, state: "retired" };
      if (isSameKey(key, activeKey)) return { key, state: "active" };
      const isChosen = policyKeys.some((chosen) => isSameKey(chosen, key));
      return { key, state: isChosen ? "by-policy" : "readable" };
    });
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    const key = this.#inner.keyNamed(named);
    return key && !this.#states.isRetired(key) ? key : undefined;
  }

  /** Without `writes` the version that was decided must be well; `config.invalid` where it is not configured, or retired. */
  async start(writes = () => this.#writingKey()): Promise<void> {
    await this.#inner.start(writes);
    writes();
  }

  /**
   * `keys.unknown-key` for a retired version, whoever asks; `keys.unavailable` where the version that is to write is not configured here: it may
   * be with the next replica.
   */
  async wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    this.#refuseRetired(use.key);
    if (isSameKey(use.key, this.activeKey)) this.#refuseUnknown(use.key);
    return await this.wraps.run(() => this.#inner.wrap(payload, use));
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    this.#refuseRetired(use.key);
    return await this.#inner.unwrap(wrappedKey, use);
  }

  /** Also `keys.unavailable` where the version that is to write is not configured here. */
  async check(): Promise<void> {
    this.#refuseUnknown(this.activeKey);
    await this.#inner.check(this.activeKey);
  }

  checkValue(key: KeyRef): string | undefined {
    return this.#inner.checkValue(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  #writingKey(): KeyRef {
    const { activeKey } = this;
    if (this.keyNamed(activeKey)) return activeKey;
    const { provider, keyId, keyVersion } = activeKey;
    const problem = this.#inner.keyNamed(activeKey) ? "retired" : "not configured";
    throw new Fault(
      "config.invalid",
      `key version ${keyVersion} (${provider} "${keyId}") is to wrap new data keys and is ${problem}`,
    );
  }

  #refuseUnknown(key: KeyRef): void {
    if (this.#inner.keyNamed(key)) return;
    throw new Fault(
      "keys.unavailable",
      `key version ${key.keyVersion} is to wrap new data keys and is not configured here`,
    );
  }

  #refuseRetired(key: KeyRef): void {
    refuseRetired(key, (named) => this.#states.isRetired(named));
  }
}
