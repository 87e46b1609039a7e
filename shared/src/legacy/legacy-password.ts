/** Data keys of format 1 that come from a password: derived directly, or wrapped under a key derived from it (docs/format-1.md §3, §4). */
import { createSecretKey } from "node:crypto";
import type { KdfWork } from "../contracts/keys.ts";
import { Fault } from "../faults.ts";
import { SUITE } from "../format/layout.ts";
import { openWhole } from "../sealing/legacy-aead.ts";
import { legacyKdfOf } from "./legacy-object.ts";

const SALT_BYTES = 32;
const NONCE_BYTES = 12;
/** Wrapped keys by their length: a data key is always 32 bytes, so each layout has one. */
const LAYOUT_0_BYTES = 92;
const LAYOUT_1_BYTES = 96;
const LAYOUT_2_PBKDF2_BYTES = 101;
const LAYOUT_2_ARGON2_BYTES = 106;

/** A data key wrapped under a password. */
export interface PasswordEnvelope {
  readonly kdf: KdfWork;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  /** Ciphertext and tag. */
  readonly sealed: Uint8Array;
}

/** Reads an envelope. `crypto.integrity` for one of no known layout. */
export function parsePasswordEnvelope(wrappedKey: Uint8Array): PasswordEnvelope {
  const bytes = Buffer.from(wrappedKey);
  switch (bytes.byteLength) {
    case LAYOUT_0_BYTES:
      return envelopeAt(bytes, 0, legacyKdfOf(undefined));
    case LAYOUT_1_BYTES:
      return envelopeAt(bytes, 4, pbkdf2(bytes.readUInt32BE(0)));
    case LAYOUT_2_PBKDF2_BYTES:
      checkLayout2(bytes, 0);
      return envelopeAt(bytes, 9, pbkdf2(bytes.readUInt32BE(5)));
    case LAYOUT_2_ARGON2_BYTES:
      checkLayout2(bytes, 1);
      return envelopeAt(bytes, 14, {
        algorithm: "argon2id",
        passes: bytes.readUInt32BE(5),
        memoryKiB: bytes.readUInt32BE(9),
        lanes: bytes.readUInt8(13),
      });
    default:
      throw new Fault("crypto.integrity", "wrapped key of the object has no known layout");
  }
}

/** Opens an envelope with the key that `kdf` and `salt` made of the password. `crypto.integrity` if it is another. */
export function openPasswordEnvelope(
  { nonce, sealed }: PasswordEnvelope,
  derivedKey: Uint8Array,
): Buffer {
  return openWhole(sealed, { suite: SUITE.aes256Gcm, key: createSecretKey(derivedKey), nonce });
}

const pbkdf2 = (iterations: number): KdfWork => ({ algorithm: "pbkdf2-sha256", iterations });

function checkLayout2(bytes: Buffer, kind: number): void {
  if (bytes.readUInt32BE(0) === 1 && bytes.readUInt8(4) === kind) return;
  throw new Fault("crypto.integrity", "wrapped key of the object has no known layout");
}

function envelopeAt(bytes: Buffer, saltAt: number, kdf: KdfWork): PasswordEnvelope {
  const nonceAt = saltAt + SALT_BYTES;
  const sealedAt = nonceAt + NONCE_BYTES;
  return {
    kdf,
    salt: bytes.subarray(saltAt, nonceAt),
    nonce: bytes.subarray(nonceAt, sealedAt),
    sealed: bytes.subarray(sealedAt),
  };
}
