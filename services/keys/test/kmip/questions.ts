/** Questions whose exchanges with real servers were recorded (recorded/): the key is "kek", its bytes 00 to 1f; the payload is bound. */
import { type CipherInput, cipherQuestion, type KmipQuestion } from "../../src/kmip/messages.ts";

/** 0x01, then 0x41 to 0x80. */
export const payload = Buffer.from([1, ...Array.from({ length: 64 }, (_, n) => n + 0x41)]);
/** 00 to 0b. */
const iv = Buffer.from(Array.from({ length: 12 }, (_, n) => n));
/** 32 bytes of 0xaa. */
export const binding = Buffer.alloc(32, 0xaa);
/** What AES-256-GCM gives under the key, made with Node. */
const ciphertext = Buffer.from(
  "4643945881a0845cc508ddc0fda43622d387d567a42e092b603ebfde41345eed6171cc9fcba474ff1ccd1586e4ea46579e2812fe2ea3d5ad47ee5062649e8b9170",
  "hex",
);
const tag = Buffer.from("b7b4d094e02d94a40ce53553d0b5755f", "hex");
/** The payload wrapped, as headers carry it. */
export const wrapped = Buffer.concat([iv, ciphertext, tag]);
/** 32 bytes of 0x42 under AES key wrap of RFC 3394. */
export const keyWrapped = Buffer.from(
  "0dbe28a093488906635e1f5d83c9bdefa1c012d0416ca5c8643eee4e1f14c3b2085fc831949671c0",
  "hex",
);

const gcm = (keyId: string) => ({ keyId, mode: "GCM", tagBytes: 16 }) as const;
const sealed = { iv, input: ciphertext, tag, associatedData: binding };
const plain = { iv, input: payload, associatedData: binding };

/** By the name of the recording; `keyId` is what the server calls its key, and `idleId` one that was never activated. */
export function recordedQuestions(
  keyId: string,
  idleId = "idle",
): Readonly<Record<string, KmipQuestion>> {
  const decrypt = (input: CipherInput) => cipherQuestion("Decrypt", gcm(keyId), input);
  const keyWrap = { iv: Buffer.alloc(8, 0xa6), input: keyWrapped };
  return {
    encrypt: cipherQuestion("Encrypt", gcm(keyId), plain),
    decrypt: decrypt(sealed),
    "other binding": decrypt({ ...sealed, associatedData: Buffer.alloc(32, 0xab) }),
    "other tag": decrypt({ ...sealed, tag: Buffer.alloc(16) }),
    "unknown key": cipherQuestion("Encrypt", gcm("nowhere"), plain),
    "not active": cipherQuestion("Encrypt", gcm(idleId), plain),
    "key wrap": cipherQuestion("Decrypt", { keyId, mode: "NISTKeyWrap" }, keyWrap),
    "other key wrap": cipherQuestion("Decrypt", { keyId, mode: "AESKeyWrapPadding" }, keyWrap),
  };
}
