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
import { FLAG, KEY_BYTES, type SuiteNumber } from "../format/layout.ts";

const OKM_BYTES = 6 * KEY_BYTES;
const INFO = Buffer.from("s3eg/2");

/**
 * Keys derived from a data key (format.md §3): those that an object of its layout has. They are keys of OpenSSL, whose memory is
 * overwritten when it is given back; the bytes that they were made of are overwritten at once.
 */
export class ObjectKeys {
  readonly commitment: Buffer;
  readonly headerKey: KeyObject;
  readonly dataKey: KeyObject;
  readonly #metadataKey: KeyObject | undefined;
  readonly #trailerKey: KeyObject | undefined;
  readonly #manifestKey: KeyObject | undefined;

  /** `okm` is the 192 bytes of format.md §3, which are wiped. */
  constructor(okm: Buffer, flags: number) {
    const part = (index: number) => okm.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
    const key = (index: number) => createSecretKey(part(index));
    const isMultipart = (flags & FLAG.multipart) !== 0;
    this.commitment = Buffer.from(part(0));
    this.headerKey = key(1);
    // Each costs more than a chunk of a small object: what the layout does not have is not made.
    this.#metadataKey = (flags & FLAG.sealedMetadata) !== 0 ? key(2) : undefined;
    this.dataKey = key(3);
    this.#trailerKey = isMultipart ? undefined : key(4);
    this.#manifestKey = isMultipart ? key(5) : undefined;
    okm.fill(0);
  }

  /** Of an object whose metadata are sealed. */
  get metadataKey(): KeyObject {
    return present(this.#metadataKey);
  }

  /** Of a single object. */
  get trailerKey(): KeyObject {
    return present(this.#trailerKey);
  }

  /** Of a multipart object. */
  get manifestKey(): KeyObject {
    return present(this.#manifestKey);
  }
}

function present(key: KeyObject | undefined): KeyObject {
  if (!key) throw new RangeError("an object with these flags has no such key");
  return key;
}

/** Derives the keys of an object (format.md §3). `dataKey` and `objectId` are 32 bytes each. */
export function deriveObjectKeys(
  dataKey: Uint8Array,
  { objectId, suite, flags }: { objectId: Uint8Array; suite: SuiteNumber; flags: number },
): ObjectKeys {
  const info = Buffer.concat([INFO, Uint8Array.of(suite, flags & FLAG.multipart)]);
  // As a KeyObject: a raw key makes the same derivation twice as dear.
  const ikm = createSecretKey(dataKey);
  const okm = Buffer.from(hkdfSync("sha256", ikm, objectId, info, OKM_BYTES));
  return new ObjectKeys(okm, flags);
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
