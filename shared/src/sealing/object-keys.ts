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

const OKM_BYTES = 6 * KEY_BYTES;
const INFO = Buffer.from("s3eg/2");

/**
 * Keys derived from a data key (format.md §3). All but the commitment are secret. Each is made into a cipher's key at its first
 * use: a read needs three of them, re-issuing a header one, and making one costs more than a chunk of a small object.
 */
export class ObjectKeys {
  readonly #okm: Buffer;
  readonly #made = new Map<number, KeyObject>();

  constructor(okm: Buffer) {
    this.#okm = okm;
  }

  get commitment(): Buffer {
    return this.#part(0);
  }

  get headerKey(): KeyObject {
    return this.#key(1);
  }

  get metadataKey(): KeyObject {
    return this.#key(2);
  }

  get dataKey(): KeyObject {
    return this.#key(3);
  }

  get trailerKey(): KeyObject {
    return this.#key(4);
  }

  get manifestKey(): KeyObject {
    return this.#key(5);
  }

  #part(index: number): Buffer {
    return this.#okm.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
  }

  #key(index: number): KeyObject {
    const made = this.#made.get(index) ?? createSecretKey(this.#part(index));
    this.#made.set(index, made);
    return made;
  }
}

/** Derives the keys of an object (format.md §3). `dataKey` and `objectId` are 32 bytes each. */
export function deriveObjectKeys(
  dataKey: Uint8Array,
  object: { objectId: Uint8Array; suite: SuiteNumber; flags: number },
): ObjectKeys {
  const info = Buffer.concat([INFO, Uint8Array.of(object.suite, object.flags & 1)]);
  // As a KeyObject: a raw key makes the same derivation twice as dear.
  const ikm = createSecretKey(dataKey);
  return new ObjectKeys(Buffer.from(hkdfSync("sha256", ikm, object.objectId, info, OKM_BYTES)));
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
