/** The custodian: whoever holds KEKs and wraps data keys under them. One file each in this folder. */
import type { KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Provider } from "@s3eg/shared/format/layout.ts";

/** A version of a KEK, as headers name it (format.md §4, §5). */
export interface KeyRef {
  readonly provider: Provider;
  readonly keyId: string;
  /** 0 where the provider keeps versions inside its own ciphertext. */
  readonly keyVersion: number;
}

/** With what a payload is wrapped, and what it is bound to. */
export interface KeyUse {
  readonly key: KeyRef;
  /** H of format.md §5, 32 bytes: given as associated data where the provider takes any. */
  readonly binding: Uint8Array;
}

/** A data key that the format of before wrapped (docs/format-1.md §4): bound to nothing. */
export interface LegacyWrapped {
  readonly wrappedKey: Uint8Array;
  /** As the object names them; neither is authenticated. */
  readonly keyId: string;
  readonly keyVersion: string;
}

/** True for a version that operators retired: it opens nothing, whatever an object names. */
export type IsRetired = (key: KeyRef) => boolean;

/**
 * Wraps and unwraps payloads (format.md §5: 65 bytes). Every custodian is authenticated encryption, or a public-key wrap with a MAC.
 * What does not authenticate is `crypto.integrity`; a key store that can't be reached is `keys.unavailable`; one that does not let
 * the key be used (disabled, unknown to it, no permission) is `keys.denied`. No key material in a message.
 */
export interface Custodian extends AsyncDisposable {
  /** The versions known by name, complete after `start`: those that have a canary and are logged. Headers may name others too. */
  readonly readableKeys: readonly KeyRef[];
  /** The readable version that a header names, without asking anybody; undefined for any other. */
  keyNamed(named: KeyRef): KeyRef | undefined;
  /** Called once, before everything but `keyNamed`: the first time a key store may be asked for anything. */
  start(): Promise<void>;
  wrap(payload: Uint8Array, use: KeyUse): Promise<Uint8Array>;
  /** The payload, which the caller wipes. */
  unwrap(wrappedKey: Uint8Array, use: KeyUse): Promise<Uint8Array>;
  /** Opens what the format of before wrapped under one of its keys; absent where that format knew no such key store. Faults as of `unwrap`. */
  unwrapLegacy?(wrapped: LegacyWrapped, isRetired: IsRetired): Promise<Uint8Array>;
  /** Resolves if the custodian can wrap and unwrap now. */
  check(): Promise<void>;
  /** A value by which operators compare a version of a key without seeing it; undefined where the provider has none. */
  checkValue(key: KeyRef): string | undefined;
}

/** A custodian that new data keys may be wrapped by. */
export interface ActiveCustodian extends Custodian {
  /** The version that wraps new data keys now; it may become another one at any time after `start`. */
  readonly activeKey: KeyRef;
  /** `writes` tells which version must be well, where that may be another one than `activeKey`. */
  start(writes?: () => KeyRef): Promise<void>;
  /** `writes`: as of `start`. */
  check(writes?: KeyRef): Promise<void>;
  /** The version that wraps where a policy wishes for a key; undefined for what policies may not choose. Absent: the active one alone. */
  keyFor?(wish: KeyWish): KeyRef | undefined;
  /** Every version that wraps where a policy says so, beside the active one. */
  readonly policyKeys?: readonly KeyRef[];
}

/** True if both are the same version of the same key. */
export function isSameKey(a: KeyRef, b: KeyRef): boolean {
  return a.keyVersion === b.keyVersion && a.provider === b.provider && a.keyId === b.keyId;
}

/** `keys.unknown-key` for a retired version, whoever asks. */
export function refuseRetired(key: KeyRef, isRetired: IsRetired): void {
  if (!isRetired(key)) return;
  throw new Fault("keys.unknown-key", `version ${key.keyVersion} of that key is retired`);
}
