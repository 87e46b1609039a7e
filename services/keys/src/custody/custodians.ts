/** Custodians beside each other: one wraps new data keys, all of them open what was wrapped under their keys. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Provider } from "@s3eg/shared/format/layout.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type {
  ActiveCustodian,
  Custodian,
  IsRetired,
  KeyRef,
  KeyUse,
  LegacyWrapped,
} from "./custodian.ts";

/** The custodians of a process, as one. Only the active one counts for its health: what the others hold may be away for a while. */
export class Custodians implements ActiveCustodian {
  readonly #active: ActiveCustodian;
  readonly #all: readonly Custodian[];
  readonly #log: Log;

  constructor(active: ActiveCustodian, options: { readers: readonly Custodian[]; log: Log }) {
    this.#active = active;
    this.#all = [active, ...options.readers];
    this.#log = options.log;
  }

  get activeKey(): KeyRef {
    return this.#active.activeKey;
  }

  get readableKeys(): readonly KeyRef[] {
    return this.#all.flatMap(({ readableKeys }) => readableKeys);
  }

  keyNamed(named: KeyRef): KeyRef | undefined {
    return this.#holderOf(named)?.keyNamed(named);
  }

  /** Rejects if the active one does. A reader that is away now is asked again when an object needs it. */
  async start(): Promise<void> {
    await this.#active.start();
    const readers = this.#all.filter((custodian) => custodian !== this.#active);
    await Promise.all(
      readers.map(async (reader) => {
        try {
          await reader.start();
        } catch (error) {
          if (!isFault(error, "keys.unavailable", "keys.denied")) throw error;
          this.#log.warn({ err: error }, "a key store that is only read from is away");
        }
      }),
    );
  }

  async wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array> {
    return await this.#needed(use.key).wrap(payload, use);
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
        custodian.unwrapLegacy && custodian.readableKeys.some((key) => key.provider === provider),
    );
    if (holder?.unwrapLegacy) return await holder.unwrapLegacy(wrapped, isRetired);
    throw new Fault("keys.unknown-key", `no key store of kind ${provider} is configured`);
  }

  async check(): Promise<void> {
    await this.#active.check();
  }

  checkValue(key: KeyRef): string | undefined {
    return this.#holderOf(key)?.checkValue(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((custodian) => custodian[Symbol.asyncDispose]()));
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
