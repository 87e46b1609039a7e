/** The custodian: whoever holds KEKs and wraps data keys under them. One file each in this folder. */
import type { Provider } from "@s3eg/shared/format/layout.ts";

/** A version of a KEK, as headers name it (format.md §4, §5). */
export interface KeyRef {
  readonly provider: Provider;
  readonly keyId: string;
  /** 0 where the provider keeps versions inside its own ciphertext. */
  readonly keyVersion: number;
}

/**
 * Wraps and unwraps payloads (format.md §5: 65 bytes, bound by `binding`). Every custodian is authenticated encryption; what does
 * not authenticate is `crypto.integrity`, a key service that can't be reached is `keys.unavailable`. No key material in a message.
 */
export interface Custodian extends AsyncDisposable {
  /** The version that wraps new data keys. */
  readonly activeKey: KeyRef;
  /** Every version a header may name. */
  readonly readableKeys: readonly KeyRef[];
  /** `binding` is given as associated data where the provider takes any. */
  wrap(payload: Uint8Array, use: { key: KeyRef; binding: Uint8Array }): Promise<Uint8Array>;
  unwrap(wrappedKey: Uint8Array, use: { key: KeyRef; binding: Uint8Array }): Promise<Uint8Array>;
  /** Resolves if the custodian can wrap and unwrap now. */
  check(): Promise<void>;
  /** A value by which operators compare a version of a key without seeing it; undefined where the provider has none. */
  checkValue(key: KeyRef): string | undefined;
}
