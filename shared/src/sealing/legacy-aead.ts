/** The ciphers of format 1: AEAD messages with a nonce of their own and any associated data (docs/format-1.md §5, §6). Only opened, never made. */
import type { KeyObject } from "node:crypto";
import { Fault } from "../faults.ts";
import { type SuiteNumber, TAG_BYTES } from "../format/layout.ts";
import { decipherOf } from "./aead.ts";

/** How a message was sealed. */
export interface LegacyCipher {
  readonly suite: SuiteNumber;
  readonly key: KeyObject;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly aad?: Uint8Array;
}

/** A decipher for one message. What it gives is worth nothing before its tag verified. */
export function legacyDecipher({ suite, key, nonce, aad }: LegacyCipher) {
  const decipher = decipherOf(suite, key, nonce);
  if (aad && aad.byteLength > 0) decipher.setAAD(aad);
  return decipher;
}

/** A message in memory: ciphertext with its tag behind. `crypto.integrity` if it does not verify. */
export function openWhole(sealed: Uint8Array, cipher: LegacyCipher): Buffer {
  const size = sealed.byteLength - TAG_BYTES;
  if (size < 0) throw new Fault("crypto.integrity", "stored message is cut short");
  const decipher = legacyDecipher(cipher);
  decipher.setAuthTag(sealed.subarray(size));
  const plain = decipher.update(sealed.subarray(0, size));
  try {
    decipher.final();
  } catch (cause) {
    plain.fill(0);
    throw new Fault("crypto.integrity", "stored bytes do not verify", { cause });
  }
  return plain;
}
