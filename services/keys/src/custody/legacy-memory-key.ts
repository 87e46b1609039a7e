/** Data keys of format 1 that were wrapped under `memory.master_key_source`: AES key wrap (RFC 3394; docs/format-1.md §4). */
import { createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { Fault } from "@s3eg/shared/faults.ts";
import type { LegacyWrapped } from "./custodian.ts";

/** Integrity check value of RFC 3394 §2.2.3.1. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6);
/** Of a data key of 32 bytes. Of nothing at all, no check value would be looked for. */
const WRAPPED_BYTES = 40;
const HEX = /^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{48}|[0-9a-fA-F]{64})$/;

/** A master key that is only read with. */
export class LegacyMemoryKey {
  readonly #key: KeyObject;
  readonly #cipher: string;

  /** `text` as the source has it: hex of 16, 24 or 32 bytes, or as many characters. `config.invalid` for any other. */
  constructor(text: string) {
    const trimmed = text.trim();
    const bytes = HEX.test(trimmed) ? Buffer.from(trimmed, "hex") : Buffer.from(trimmed);
    if (![16, 24, 32].includes(bytes.byteLength)) {
      throw new Fault("config.invalid", "memory.master_key_source: is not 16, 24 or 32 bytes long");
    }
    this.#cipher = `id-aes${bytes.byteLength * 8}-wrap`;
    this.#key = createSecretKey(bytes);
    bytes.fill(0);
  }

  unwrap({ wrappedKey }: LegacyWrapped): Uint8Array {
    return unwrapAesKey(wrappedKey, { key: this.#key, cipher: this.#cipher });
  }
}

/** RFC 3394 unwrap. `crypto.integrity` if the check value is not there. */
function unwrapAesKey(
  wrappedKey: Uint8Array,
  { key, cipher }: { readonly key: KeyObject; readonly cipher: string },
): Buffer {
  if (wrappedKey.byteLength !== WRAPPED_BYTES) {
    throw new Fault("crypto.integrity", "wrapped key has the wrong length");
  }
  try {
    const decipher = createDecipheriv(cipher, key, INITIAL_VALUE);
    return Buffer.concat([decipher.update(wrappedKey), decipher.final()]);
  } catch (cause) {
    throw new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
}
