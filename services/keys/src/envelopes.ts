/** Wrapping data keys for their place, and opening what a header carries, with every check of format.md §5. */
import type { KeyWish, Place } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { ObjectHeader } from "@s3eg/shared/format/header.ts";
import { bindingOf, packPayload, unpackPayload } from "@s3eg/shared/sealing/envelope.ts";
import { type ObjectKeys, openHeader } from "@s3eg/shared/sealing/object-keys.ts";
import type { ProveKey } from "./canary.ts";
import type { ActiveCustodian, Custodian, KeyRef, KeyUse } from "./custody/custodian.ts";
import { writingKey } from "./custody/key-wish.ts";

/** What of an object an envelope is bound to. */
export interface Enveloped {
  readonly flags: number;
  readonly objectId: Uint8Array;
  readonly commitment: Uint8Array;
  readonly place: Place;
}

/** A wrapped data key and the key it is wrapped under, as they go into a header. */
export interface Envelope extends KeyRef {
  readonly wrappedKey: Uint8Array;
}

/** Which key a data key is wrapped under. */
export interface Wrapping {
  /** Absent: the active one. */
  readonly keyWish?: KeyWish | undefined;
  /** Proves that a key is the one it was before; absent where all are proven. */
  readonly prove?: ProveKey | undefined;
}

/** Wraps a data key. `keys.unknown-key` for a wish that can't be met, `keys.unavailable` if the custodian fails. */
export async function wrapDataKey(
  custodian: ActiveCustodian,
  dataKey: Uint8Array,
  { flags, objectId, commitment, place, keyWish, prove }: Enveloped & Wrapping,
): Promise<Envelope> {
  const key = writingKey(custodian, keyWish);
  const proving = prove?.(key);
  // Not awaited for nothing: a rotation waits for the wraps under way, and this one is none yet.
  if (proving) await proving;
  const binding = bindingOf({ ...key, flags, objectId, commitment, place });
  const payload = packPayload(dataKey, binding);
  try {
    return { ...key, wrappedKey: await custodian.wrap(payload, { key, binding }) };
  } catch (error) {
    throw faultOf(error);
  } finally {
    payload.fill(0);
  }
}

/**
 * The data key of a header, which the caller wipes, and the keys derived from it. `keys.unknown-key` before any custodian is called;
 * `crypto.integrity` unless the envelope is of this place, the data key the committed one and the header's MAC right;
 * `keys.unavailable` if the custodian fails.
 */
export async function openEnvelope(
  custodian: Custodian,
  header: ObjectHeader,
  place: Place,
): Promise<{ dataKey: Buffer; keys: ObjectKeys }> {
  const key = namedKey(custodian, header);
  const { flags, objectId, commitment } = header;
  const binding = bindingOf({ ...key, flags, objectId, commitment, place });
  const payload = await unwrap(custodian, header.wrappedKey, { key, binding });
  let dataKey: Buffer | undefined;
  try {
    dataKey = unpackPayload(payload, binding);
    return { dataKey, keys: openHeader(header, dataKey) };
  } catch (error) {
    dataKey?.fill(0);
    throw error;
  } finally {
    payload.fill(0);
  }
}

/** A header's bytes decide nothing but which configured key version is tried. */
function namedKey(custodian: Custodian, { provider, keyId, keyVersion }: KeyRef): KeyRef {
  const key = custodian.keyNamed({ provider, keyId, keyVersion });
  if (key) return key;
  throw new Fault("keys.unknown-key", "object header names a key that is not configured");
}

async function unwrap(
  custodian: Custodian,
  wrappedKey: Uint8Array,
  use: KeyUse,
): Promise<Uint8Array> {
  try {
    return await custodian.unwrap(wrappedKey, use);
  } catch (error) {
    throw faultOf(error);
  }
}

/** A custodian says `crypto.integrity` when it is sure; whatever else it throws says nothing about the object. */
function faultOf(cause: unknown): Fault {
  return cause instanceof Fault
    ? cause
    : new Fault("keys.unavailable", "the custodian of the keys failed", { cause });
}
