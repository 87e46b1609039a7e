/** A key store on the network, as its adapter speaks to it. Time limits, retries and checks are the guard's (guarded-custodian.ts). */
import type { IsRetired, KeyRef, KeyUse, LegacyWrapped } from "../custodian.ts";

/**
 * One attempt for each call, without retry. `keys.unavailable`: no answer, or one that another attempt may better. `keys.denied`: the
 * store does not let the key be used. `crypto.integrity`: it is sure that the wrapped key is not genuine, or it can't be one by its
 * form, which is found before the store is asked. No answer of the store and no key material in a message.
 */
export interface RemoteKeyStore extends AsyncDisposable {
  /** The version that wraps. */
  readonly activeKey: KeyRef;
  /** Every version that a header may name. */
  readonly readableKeys: readonly KeyRef[];
  /** Called first at start, and given time of its own: what is to be set up on this machine before the store can be asked. */
  prepare?(): Promise<void>;
  /** Called once at start, before anything else is asked: looks whether what the settings name is there, as far as it may; of the keys, `writes` must be. */
  start?(signal: AbortSignal, writes: KeyRef): Promise<void>;
  /** What goes into the header; at least 16 bytes longer than the payload. */
  wrap(payload: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array>;
  unwrap(wrappedKey: Uint8Array, use: KeyUse, signal: AbortSignal): Promise<Uint8Array>;
  /** As of a custodian. */
  unwrapLegacy?(
    wrapped: LegacyWrapped,
    isRetired: IsRetired,
    signal: AbortSignal,
  ): Promise<Uint8Array>;
  /** As of a custodian; absent where the provider has none. */
  checkValue?(key: KeyRef): string | undefined;
}
