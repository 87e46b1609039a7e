/** What custodians have in common whose keys this process holds: one key, its versions in memory, and nothing that could be away. */
import { Fault } from "@s3eg/shared/faults.ts";
import { type ActiveCustodian, isSameKey, type KeyRef, type KeyUse } from "./custodian.ts";

/** What is configured of each version, and which one wraps. */
export interface ConfiguredVersions<Configured> {
  readonly versions: ReadonlyMap<number, Configured>;
  readonly activeVersion: number;
}

/** A custodian over versions in memory. Headers name its one key by the name of its provider. */
export abstract class SelfContainedCustodian<Configured, Held> implements ActiveCustodian {
  readonly #held: ReadonlyMap<number, Held>;
  readonly activeKey: KeyRef;
  readonly readableKeys: readonly KeyRef[];

  /** `config.invalid` if the active version has no key, and where `hold` refuses one. */
  constructor(
    provider: "aes" | "rsa",
    { versions, activeVersion }: ConfiguredVersions<Configured>,
    hold: (version: number, configured: Configured) => Held,
  ) {
    if (!versions.has(activeVersion)) {
      throw new Fault("config.invalid", `active version ${activeVersion} has no key`);
    }
    const keyRef = (keyVersion: number): KeyRef => ({ provider, keyId: provider, keyVersion });
    this.#held = new Map(
      [...versions].map(([version, configured]) => [version, hold(version, configured)]),
    );
    this.activeKey = keyRef(activeVersion);
    this.readableKeys = [...versions.keys()].map(keyRef);
  }

  abstract wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array>;
  abstract unwrap(wrappedKey: Uint8Array, use: KeyUse): Promise<Uint8Array>;
  abstract checkValue(key: KeyRef): string;

  keyNamed(named: KeyRef): KeyRef | undefined {
    return this.readableKeys.find((key) => isSameKey(key, named));
  }

  /** In memory there is nothing to be opened. */
  async start(): Promise<void> {
    await Promise.resolve();
  }

  /** In memory there is nothing that could be away. */
  async check(): Promise<void> {
    await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  /** What is held of a version; `keys.unknown-key` for one that is not configured. */
  protected held({ keyVersion }: KeyRef): Held {
    const held = this.#held.get(keyVersion);
    if (held !== undefined) return held;
    throw new Fault("keys.unknown-key", `version ${keyVersion} is not configured`);
  }
}
