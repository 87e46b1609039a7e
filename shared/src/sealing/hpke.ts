/**
 * HPKE (RFC 9180), the part we speak: single-shot seal and open in PSK mode (§5.1.2, §6.1) with DHKEM(X25519, HKDF-SHA256) or
 * DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM. Every key is used for one message, so the nonce is the base nonce.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { Fault } from "../faults.ts";

/** KEM identifiers (RFC 9180 §7.1). P-256 is the one for the FIPS profile. */
export const KEM = { x25519: 32, p256: 16 } as const;
export type Kem = (typeof KEM)[keyof typeof KEM];

/** A recipient's key pair. `publicKey` is serialized as in RFC 9180 §7.1.1: 32 bytes (X25519) or 65 (P-256, uncompressed). */
export interface HpkeKeyPair {
  readonly kem: Kem;
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

/** What both sides must agree on besides the recipient's key. */
export interface HpkeContext {
  readonly info: Uint8Array;
  /** At least 32 bytes (RFC 9180 §9.5). */
  readonly psk: Uint8Array;
  readonly pskId: Uint8Array;
  readonly aad: Uint8Array;
}

/** A sealed message: the encapsulated key, and the ciphertext with its tag. */
export interface HpkeMessage {
  readonly enc: Buffer;
  readonly ciphertext: Buffer;
}

/** A fresh key pair. */
export function generateHpkeKeyPair(kem: Kem): HpkeKeyPair {
  const pair =
    kem === KEM.x25519
      ? generateKeyPairSync("x25519")
      : generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return { kem, privateKey: pair.privateKey, publicKey: serialize(kem, pair.publicKey) };
}

/** Seals one message to a recipient. `input.invalid` if the recipient's public key is no valid point of its curve. */
export function hpkeSeal(
  recipient: { readonly kem: Kem; readonly publicKey: Uint8Array },
  plaintext: Uint8Array,
  context: HpkeContext,
): HpkeMessage {
  const { kem } = recipient;
  const ephemeral = generateHpkeKeyPair(kem);
  const sharedSecret = sharedSecretOf(kem, {
    dh: agree(kem, ephemeral.privateKey, recipient.publicKey),
    enc: ephemeral.publicKey,
    recipientKey: recipient.publicKey,
  });
  const { key, nonce } = keySchedule(kem, sharedSecret, context);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  key.fill(0);
  cipher.setAAD(context.aad);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { enc: ephemeral.publicKey, ciphertext };
}

/** Opens a message, in memory of its own, which the caller wipes. `crypto.integrity` if anything about it, or about what was agreed on, is not as when it was sealed. */
export function hpkeOpen(
  recipient: HpkeKeyPair,
  message: { readonly enc: Uint8Array; readonly ciphertext: Uint8Array },
  context: HpkeContext,
): Buffer {
  const { enc, ciphertext } = message;
  const tagAt = ciphertext.byteLength - TAG_BYTES;
  let plaintext: Buffer | undefined;
  try {
    const sharedSecret = sharedSecretOf(recipient.kem, {
      dh: agree(recipient.kem, recipient.privateKey, enc),
      enc,
      recipientKey: recipient.publicKey,
    });
    const { key, nonce } = keySchedule(recipient.kem, sharedSecret, context);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    key.fill(0);
    decipher.setAAD(context.aad);
    decipher.setAuthTag(ciphertext.subarray(Math.max(0, tagAt)));
    // Not joined with the end, which is empty: a copy of secrets would lie in the pool that all buffers share.
    plaintext = decipher.update(ciphertext.subarray(0, Math.max(0, tagAt)));
    decipher.final();
    return plaintext;
  } catch (cause) {
    plaintext?.fill(0);
    throw new Fault("crypto.integrity", "sealed answer does not open", { cause });
  }
}

const HASH_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KDF_HKDF_SHA256 = 1;
const AEAD_AES_256_GCM = 2;
const MODE_PSK = 1;
const EMPTY = Buffer.alloc(0);
const VERSION_LABEL = Buffer.from("HPKE-v1");

/** DER of a SubjectPublicKeyInfo up to the point, and the size of the point (RFC 8410 §4, RFC 5480 §2). */
const CURVES = {
  [KEM.x25519]: { prefix: Buffer.from("302a300506032b656e032100", "hex"), pointBytes: 32 },
  [KEM.p256]: {
    prefix: Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex"),
    pointBytes: 65,
  },
} as const;

const SUITE_IDS = { [KEM.x25519]: suiteIdsOf(KEM.x25519), [KEM.p256]: suiteIdsOf(KEM.p256) };

function suiteIdsOf(kem: Kem): { readonly kem: Buffer; readonly hpke: Buffer } {
  return {
    kem: Buffer.concat([Buffer.from("KEM"), u16(kem)]),
    hpke: Buffer.concat([
      Buffer.from("HPKE"),
      u16(kem),
      u16(KDF_HKDF_SHA256),
      u16(AEAD_AES_256_GCM),
    ]),
  };
}

function serialize(kem: Kem, publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ format: "der", type: "spki" });
  return Buffer.from(spki.subarray(spki.byteLength - CURVES[kem].pointBytes));
}

/** The point behind serialized bytes. OpenSSL refuses a P-256 point that is not on the curve (RFC 9180 §7.1.4). */
function deserialize(kem: Kem, bytes: Uint8Array): KeyObject {
  const { prefix, pointBytes } = CURVES[kem];
  const isUncompressed = kem === KEM.x25519 || bytes[0] === 0x04;
  if (bytes.byteLength !== pointBytes || !isUncompressed) throw invalidPoint();
  try {
    return createPublicKey({ key: Buffer.concat([prefix, bytes]), format: "der", type: "spki" });
  } catch (cause) {
    throw invalidPoint(cause);
  }
}

/** Diffie-Hellman; an all-zero X25519 result, which a public key of small order forces, is refused (RFC 9180 §7.1.4). */
function agree(kem: Kem, privateKey: KeyObject, publicBytes: Uint8Array): Buffer {
  const publicKey = deserialize(kem, publicBytes);
  let dh: Buffer;
  try {
    dh = diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw invalidPoint(cause);
  }
  if (dh.every((byte) => byte === 0)) throw invalidPoint();
  return dh;
}

function invalidPoint(cause?: unknown): Fault {
  return new Fault("input.invalid", "session public key is not valid", { cause });
}

/** ExtractAndExpand of DHKEM (RFC 9180 §4.1). */
function sharedSecretOf(
  kem: Kem,
  agreed: { dh: Buffer; enc: Uint8Array; recipientKey: Uint8Array },
): Buffer {
  const suiteId = SUITE_IDS[kem].kem;
  const prk = labeledExtract(suiteId, EMPTY, ["eae_prk", agreed.dh]);
  agreed.dh.fill(0);
  const kemContext = Buffer.concat([agreed.enc, agreed.recipientKey]);
  const secret = labeledExpand(suiteId, prk, {
    label: "shared_secret",
    info: kemContext,
    length: 32,
  });
  prk.fill(0);
  return secret;
}

/** KeySchedule for PSK mode (RFC 9180 §5.1). */
function keySchedule(
  kem: Kem,
  sharedSecret: Buffer,
  { info, psk, pskId }: HpkeContext,
): { key: Buffer; nonce: Buffer } {
  if (psk.byteLength < HASH_BYTES || pskId.byteLength === 0) {
    throw new RangeError("a pre-shared key has at least 32 bytes and a name");
  }
  const suiteId = SUITE_IDS[kem].hpke;
  const context = Buffer.concat([
    Uint8Array.of(MODE_PSK),
    labeledExtract(suiteId, EMPTY, ["psk_id_hash", pskId]),
    labeledExtract(suiteId, EMPTY, ["info_hash", info]),
  ]);
  const secret = labeledExtract(suiteId, sharedSecret, ["secret", psk]);
  sharedSecret.fill(0);
  const key = labeledExpand(suiteId, secret, { label: "key", info: context, length: 32 });
  const nonce = labeledExpand(suiteId, secret, {
    label: "base_nonce",
    info: context,
    length: NONCE_BYTES,
  });
  secret.fill(0);
  return { key, nonce };
}

/** LabeledExtract (RFC 9180 §4). */
function labeledExtract(
  suiteId: Buffer,
  salt: Buffer,
  [label, ikm]: readonly [string, Uint8Array],
): Buffer {
  const mac = createHmac("sha256", salt).update(VERSION_LABEL).update(suiteId);
  return mac.update(label).update(ikm).digest();
}

/** LabeledExpand (RFC 9180 §4); never more than one block of HKDF-Expand is needed. */
function labeledExpand(
  suiteId: Buffer,
  prk: Buffer,
  { label, info, length }: { label: string; info: Uint8Array; length: number },
): Buffer {
  const mac = createHmac("sha256", prk).update(u16(length)).update(VERSION_LABEL).update(suiteId);
  const block = mac.update(label).update(info).update(Uint8Array.of(1)).digest();
  return block.subarray(0, length);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
