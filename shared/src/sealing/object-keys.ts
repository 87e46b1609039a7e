/** The keys of one object: everything that follows from its data key (format.md §3), and the proof that a header is genuine. */
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { Fault } from "../faults.ts";
import type { ObjectHeader } from "../format/header.ts";
import { KEY_BYTES, type SuiteNumber } from "../format/layout.ts";

/** Keys derived from a data key. All but the commitment are secret. */
export interface ObjectKeys {
  readonly commitment: Buffer;
  readonly headerKey: KeyObject;
  readonly metadataKey: KeyObject;
  readonly dataKey: KeyObject;
  readonly trailerKey: KeyObject;
  readonly manifestKey: KeyObject;
}

const OKM_BYTES = 6 * KEY_BYTES;
const INFO = Buffer.from("s3eg/2");

/** Derives the keys of an object (format.md §3). `dataKey` and `objectId` are 32 bytes each. */
export function deriveObjectKeys(
  dataKey: Uint8Array,
  object: { objectId: Uint8Array; suite: SuiteNumber; flags: number },
): ObjectKeys {
  const info = Buffer.concat([INFO, Uint8Array.of(object.suite, object.flags & 1)]);
  const okm = Buffer.from(hkdfSync("sha256", dataKey, object.objectId, info, OKM_BYTES));
  const part = (index: number) => okm.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
  const keys = {
    commitment: Buffer.from(part(0)),
    headerKey: createSecretKey(part(1)),
    metadataKey: createSecretKey(part(2)),
    dataKey: createSecretKey(part(3)),
    trailerKey: createSecretKey(part(4)),
    manifestKey: createSecretKey(part(5)),
  };
  okm.fill(0);
  return keys;
}

/** The MAC of a header: HMAC-SHA-256 over every byte before it (format.md §4). */
export function headerMac(keys: ObjectKeys, macInput: Uint8Array): Buffer {
  return createHmac("sha256", keys.headerKey).update(macInput).digest();
}

/**
 * The keys of the object whose header this is, once the data key proved to be the one it commits to and the MAC to cover it
 * (format.md §1.1, §5). Otherwise `crypto.integrity`.
 */
export function openHeader(header: ObjectHeader, dataKey: Uint8Array): ObjectKeys {
  const keys = deriveObjectKeys(dataKey, header);
  const isCommitted = timingSafeEqual(keys.commitment, header.commitment);
  const isGenuine = timingSafeEqual(headerMac(keys, header.macInput), header.mac);
  if (!isCommitted || !isGenuine) {
    throw new Fault("crypto.integrity", "object header does not belong to its data key");
  }
  return keys;
}
