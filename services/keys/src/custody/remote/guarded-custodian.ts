/** The custodian over a key store on the network: bounded time, retries, circuit breaker, health, and no answer believed unchecked. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import {
  type ActiveCustodian,
  type IsRetired,
  isSameKey,
  type KeyRef,
  type KeyUse,
  type LegacyWrapped,
} from "../custodian.ts";
import { type BreakerPolicy, CircuitBreaker } from "./circuit-breaker.ts";
import { type KeyStoreMetrics, keyStoreMetrics, type StoreOperation } from "./key-store-metrics.ts";
import type { RemoteKeyStore } from "./remote-key-store.ts";
import { type Attempt, type RetryPolicy, retried } from "./retry.ts";

/** How a key store is guarded. */
export interface Guarding {
  readonly retry: RetryPolicy;
  readonly breaker: BreakerPolicy;
  /** How long a store that was found healthy counts as healthy, in milliseconds. */
  readonly healthyForMs: number;
  /** Where what is asked is counted; absent for tools. */
  readonly metrics?: Metrics | undefined;
}

/** What was seen last of a version that is to write. */
interface Looked {
  readonly key: KeyRef;
  healthyUntilMs: number;
  checking: Promise<void> | undefined;
}

const PAYLOAD_BYTES = 65;
const BINDING_BYTES = 32;
/** An authentication tag is the least that a wrap adds. */
const TAG_BYTES = 16;
/** More does not fit into a header (format.md §4). */
const MAX_WRAPPED_BYTES = 1400;

/** A custodian that asks `store`, which it closes. */
export class GuardedCustodian implements ActiveCustodian {
  readonly #store: RemoteKeyStore;
  readonly #guarding: Guarding;
  readonly #breaker: CircuitBreaker;
  readonly #metrics: KeyStoreMetrics | undefined;
  readonly #now: () => number;
  #looked: Looked | undefined;

  /** `now` is a clock in milliseconds, for tests. */
  constructor(
    store: RemoteKeyStore,
    guarding: Guarding,
    now: () => number = () => performance.now(),
  ) {
    this.#store = store;
    this.#guarding = guarding;
    const { breaker, metrics } = guarding;
    this.#metrics = metrics && keyStoreMetrics(metrics, store.activeKey.provider);
    this.#breaker = new CircuitBreaker(breaker, now, (state) => this.#metrics?.breaker(state));
    this.#now = now;
  }

  get activeKey(): KeyRef {
    return this.#store.activeKey;
  }

  get readableKeys(): readonly KeyRef[] {
    return this.#store.readableKeys;
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    return this.readableKeys.find((key) => isSameKey(key, named));
  }

  /** Proves that the key that writes works and that the store holds to the binding; `config.invalid` if it does not. */
  async start(writes: () => KeyRef = () => this.activeKey): Promise<void> {
    const key = writes();
    await this.#store.prepare?.();
    await this.#ask("start", async (signal) => await this.#store.start?.(signal, key));
    const wrapped = await this.#probe(key);
    const other = { key, binding: randomBytes(BINDING_BYTES) };
    try {
      const opened = await this.unwrap(wrapped, other);
      opened.fill(0);
    } catch (error) {
      if (isFault(error, "crypto.integrity")) return;
      throw error;
    }
    const { provider, keyId } = key;
    const problem = "the key store opens what is bound to something else: no authenticated wrap";
    throw new Fault("config.invalid", `${provider} "${keyId}": ${problem}`);
  }

  async wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    this.#refuseUnknown(use.key);
    return await this.#ask("wrap", (signal) => this.#wrapOnce(payload, use, signal));
  }

  async unwrap(wrappedKey: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    this.#refuseUnknown(use.key);
    if (wrappedKey.byteLength < PAYLOAD_BYTES + TAG_BYTES) {
      throw new Fault("crypto.integrity", "wrapped key is cut short");
    }
    return await this.#ask("unwrap", (signal) => this.#store.unwrap(wrappedKey, use, signal));
  }

  async unwrapLegacy(wrapped: LegacyWrapped, isRetired: IsRetired): Promise<Uint8Array> {
    return await this.#ask("unwrap-legacy", async (signal) => {
      if (this.#store.unwrapLegacy)
        return await this.#store.unwrapLegacy(wrapped, isRetired, signal);
      throw new Fault("keys.unknown-key", "the format of before knew no such key store");
    });
  }

  /** Wraps and unwraps something by the key that writes, if that did not work a moment ago; callers share one run. */
  async check(writes: KeyRef = this.activeKey): Promise<void> {
    const looked = this.#lookedAt(writes);
    if (this.#now() < looked.healthyUntilMs && !this.#breaker.isOpen) return;
    looked.checking ??= this.#checkNow(looked).finally(() => {
      looked.checking = undefined;
    });
    await looked.checking;
  }

  checkValue(key: KeyRef): string | undefined {
    return this.#store.checkValue?.(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  #refuseUnknown(key: KeyRef): void {
    if (this.keyNamed(key)) return;
    throw new Fault("keys.unknown-key", `version ${key.keyVersion} is not configured`);
  }

  /** Of one version at a time: that another one was well says nothing of this one. */
  #lookedAt(key: KeyRef): Looked {
    if (this.#looked && isSameKey(this.#looked.key, key)) return this.#looked;
    this.#looked = { key, healthyUntilMs: Number.NEGATIVE_INFINITY, checking: undefined };
    return this.#looked;
  }

  async #checkNow(looked: Looked): Promise<void> {
    const policy = { ...this.#guarding.retry, isEnabled: false };
    await this.#probe(looked.key, policy);
    looked.healthyUntilMs = this.#now() + this.#guarding.healthyForMs;
  }

  /** A wrap of something random, bound to something random. */
  async #probe(key: KeyRef, policy?: RetryPolicy): Promise<Uint8Array> {
    const payload = randomBytes(PAYLOAD_BYTES);
    const use: KeyUse = { key, binding: randomBytes(BINDING_BYTES) };
    return await this.#ask("check", (signal) => this.#wrapOnce(payload, use, signal), policy);
  }

  async #ask<Result>(
    operation: StoreOperation,
    attempt: (signal: AbortSignal) => Promise<Result>,
    policy: RetryPolicy = this.#guarding.retry,
  ): Promise<Result> {
    const metrics = this.#metrics;
    const counted: Attempt<Result> = metrics
      ? (signal, tries) => metrics.asked(operation, tries, () => attempt(signal))
      : attempt;
    return await retried(
      (signal, tries) => this.#breaker.run(() => counted(signal, tries)),
      policy,
    );
  }

  /** Every wrap is opened at once, before anything is sealed under it (format.md §5). */
  async #wrapOnce(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    const wrapped = await this.#store.wrap(payload, use, signal);
    refuseUnlikely(wrapped, payload);
    const opened = await this.#unwrapOwn(wrapped, use, signal);
    const isSame = opened.byteLength === payload.byteLength && timingSafeEqual(opened, payload);
    opened.fill(0);
    if (!isSame) throw brokenWrap();
    return wrapped;
  }

  /** Of what was wrapped a moment ago, "not genuine" is no word about an object. */
  async #unwrapOwn(wrapped: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#store.unwrap(wrapped, use, signal);
    } catch (cause) {
      throw isFault(cause, "crypto.integrity") ? brokenWrap(cause) : cause;
    }
  }
}

/** An answer that can be no authenticated wrap, or shows what it should hide. */
function refuseUnlikely(wrapped: Uint8Array, payload: Uint8Array): void {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
  const hasFit =
    bytes.byteLength >= payload.byteLength + TAG_BYTES && bytes.byteLength <= MAX_WRAPPED_BYTES;
  if (!hasFit || bytes.includes(Buffer.from(payload.buffer, payload.byteOffset + 1, 32)))
    throw brokenWrap();
}

function brokenWrap(cause?: unknown): Fault {
  return new Fault("keys.unavailable", "the key store returned a wrap that does not hold", {
    cause,
  });
}
