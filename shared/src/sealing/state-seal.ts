/**
 * Values of the state store, sealed at rest. Whoever reads the store learns nothing, and a value that was changed, or moved to
 * another upload, place or field, does not open.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { Fault } from "../faults.ts";
import { lengthPrefixed } from "../format/bytes.ts";
import { KEY_BYTES, TAG_BYTES } from "../format/layout.ts";
import type { Secret } from "../runtime/secret.ts";

/** Where a value belongs: it opens nowhere else. */
export interface StateField {
  readonly uploadId: string;
  /** The place of the upload; both empty for the record that says what the place is. */
  readonly bucket: string;
  readonly key: string;
  /** Which value of the upload. */
  readonly field: string;
}

/** Seals and opens the values of a state store. */
export interface StateSeal {
  /** False where values are written in the clear (`encrypt_state: false`). */
  readonly encrypts: boolean;
  seal(at: StateField, value: Uint8Array): Buffer;
  /** What `seal` was given for the same field; anything else is `crypto.integrity`. */
  open(at: StateField, stored: Uint8Array): Buffer;
}

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
/** First byte of a stored value. */
const CLEAR = 0;
const SEALED = 1;
const KEY_LABEL = Buffer.from("s3eg/state/1/key");

/**
 * Makes the seal of a store. A value is u8 1 ‖ nonce(12) ‖ AES-256-GCM(value), or u8 0 ‖ value in the clear. Every upload has a
 * key of its own, HMAC-SHA-256(state key, label ‖ upload id): random nonces stay far below their limit, however long the state
 * key is in use. `acceptsClear` also opens values in the clear, which `encrypts: false` implies; `onClear` is told of each. The state key has 32 bytes.
 */
export function createStateSeal(
  stateKey: Secret<Uint8Array>,
  {
    encrypts,
    acceptsClear,
    onClear,
  }: { encrypts: boolean; acceptsClear: boolean; onClear?: () => void },
): StateSeal {
  const raw = stateKey.reveal();
  if (raw.byteLength !== KEY_BYTES) throw new RangeError("a state key has 32 bytes");
  const root = createSecretKey(raw);
  const mayBeClear = acceptsClear || !encrypts;
  return {
    encrypts,
    seal: (at, value) => (encrypts ? sealValue(uploadKey(root, at), at, value) : clearValue(value)),
    open: (at, stored) => {
      if (stored[0] === CLEAR && mayBeClear) {
        onClear?.();
        return Buffer.from(stored.subarray(1));
      }
      if (stored[0] !== SEALED) throw damaged(at, "is not sealed");
      return openValue(uploadKey(root, at), at, stored);
    },
  };
}

function uploadKey(root: KeyObject, { uploadId }: StateField): KeyObject {
  const derived = createHmac("sha256", root).update(KEY_LABEL).update(uploadId).digest();
  const key = createSecretKey(derived);
  derived.fill(0);
  return key;
}

function sealValue(key: KeyObject, at: StateField, value: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(at));
  const sealed = [cipher.update(value), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([Uint8Array.of(SEALED), nonce, ...sealed]);
}

function openValue(key: KeyObject, at: StateField, stored: Uint8Array): Buffer {
  const from = 1 + NONCE_BYTES;
  const tagAt = stored.byteLength - TAG_BYTES;
  if (tagAt < from) throw damaged(at, "is cut short");
  const decipher = createDecipheriv(CIPHER, key, stored.subarray(1, from), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(boundTo(at));
  decipher.setAuthTag(stored.subarray(tagAt));
  const opened = decipher.update(stored.subarray(from, tagAt));
  try {
    decipher.final();
  } catch (cause) {
    throw damaged(at, "does not verify", cause);
  }
  return opened;
}

function clearValue(value: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(CLEAR), value]);
}

function boundTo({ uploadId, bucket, key, field }: StateField): Buffer {
  const fields = [uploadId, bucket, key, field];
  return Buffer.concat(fields.map((text) => lengthPrefixed(Buffer.from(text))));
}

function damaged({ field }: StateField, what: string, cause?: unknown): Fault {
  return new Fault("crypto.integrity", `state value ${field} ${what}`, { cause });
}
