/** Payloads under a KEK that this process holds: AES-256-GCM with a key of its own for every wrap (format.md §5, "AES"). */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";

const SALT_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEK_BYTES = 32;
const KEK_INFO = "s3eg/2/kek";

/** `salt ‖ iv ‖ ct ‖ tag`, 60 bytes more than the payload. Every wrap derives a key of its own, so one KEK has no limit of uses. */
export function wrapUnderKek(kek: KeyObject, payload: Uint8Array, binding: Uint8Array): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", wrappingKey(kek, salt), iv, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(binding);
  return Buffer.concat([salt, iv, cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
}

/** The payload, which the caller wipes; `crypto.integrity` unless it was wrapped under this KEK with this binding. */
export function unwrapUnderKek(kek: KeyObject, wrapped: Uint8Array, binding: Uint8Array): Buffer {
  const tagAt = wrapped.byteLength - TAG_BYTES;
  const ciphertextAt = SALT_BYTES + IV_BYTES;
  if (tagAt < ciphertextAt) throw new Fault("crypto.integrity", "wrapped key is cut short");
  const derived = wrappingKey(kek, wrapped.subarray(0, SALT_BYTES));
  const iv = wrapped.subarray(SALT_BYTES, ciphertextAt);
  const decipher = createDecipheriv("aes-256-gcm", derived, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(binding);
  decipher.setAuthTag(wrapped.subarray(tagAt));
  const payload = decipher.update(wrapped.subarray(ciphertextAt, tagAt));
  try {
    decipher.final();
    return payload;
  } catch (cause) {
    payload.fill(0);
    throw new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
}

/** The first 8 bytes of HMAC(KEK, `s3eg/2/kcv`) in hex: by it a KEK is compared without being seen. */
export function checkValueOf(kek: KeyObject): string {
  return createHmac("sha256", kek).update("s3eg/2/kcv").digest("hex").slice(0, 16);
}

function wrappingKey(kek: KeyObject, salt: Uint8Array): KeyObject {
  const derived = Buffer.from(hkdfSync("sha256", kek, salt, KEK_INFO, KEK_BYTES));
  const key = createSecretKey(derived);
  derived.fill(0);
  return key;
}
