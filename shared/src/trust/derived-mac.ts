/** The MAC by which those who share a secret know each other's words (HMAC-SHA-256, RFC 2104). */
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import type { Secret } from "../runtime/secret.ts";

const KEY_BYTES = 32;

/** Makes and checks MACs of one purpose. */
export class DerivedMac {
  readonly #key: KeyObject;

  /** `label` names the purpose: each has a key of its own (HKDF, RFC 5869), so that a MAC of one is none of another. */
  constructor(secret: Secret<Uint8Array>, label: string) {
    const key = hkdfSync("sha256", secret.reveal(), "", label, KEY_BYTES);
    this.#key = createSecretKey(Buffer.from(key));
  }

  /** 32 bytes. */
  of(text: string): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }

  /** True for the MAC of this text, in constant time. */
  isOf(text: string, mac: Uint8Array): boolean {
    const expected = this.of(text);
    return mac.byteLength === expected.byteLength && timingSafeEqual(mac, expected);
  }
}
