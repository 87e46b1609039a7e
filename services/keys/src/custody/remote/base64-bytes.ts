/** Base64 (RFC 4648 §4) from bytes to bytes: a string that held key material could not be wiped. */

const DIGITS = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const PAD = 0x3d;
const NO_DIGIT = 0xff;

const VALUES = new Uint8Array(256).fill(NO_DIGIT);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;

/** The digits of `bytes`, padded, as ASCII. The caller wipes them. */
export function base64Bytes(bytes: Uint8Array): Buffer {
  const digits = Buffer.alloc(Math.ceil(bytes.byteLength / 3) * 4, PAD);
  for (let at = 0, to = 0; at < bytes.byteLength; at += 3, to += 4) {
    const left = Math.min(3, bytes.byteLength - at);
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let n = 0; n <= left; n += 1) {
      digits[to + n] = DIGITS[(group >> (18 - 6 * n)) & 63] ?? PAD;
    }
  }
  return digits;
}

/** The bytes that padded digits stand for, which the caller wipes; undefined unless they are their one spelling. */
export function bytesOfBase64(digits: Uint8Array): Buffer | undefined {
  if (digits.byteLength % 4 !== 0) return undefined;
  const unpadded = unpaddedLength(digits);
  const bytes = Buffer.alloc(Math.floor((unpadded * 3) / 4));
  let bits = 0;
  let group = 0;
  let to = 0;
  for (const digit of digits.subarray(0, unpadded)) {
    const value = VALUES[digit] ?? NO_DIGIT;
    if (value === NO_DIGIT) return wiped(bytes);
    group = ((group << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[to] = (group >> bits) & 0xff;
    to += 1;
  }
  const isCanonical = (group & ((1 << bits) - 1)) === 0;
  return isCanonical ? bytes : wiped(bytes);
}

function unpaddedLength(digits: Uint8Array): number {
  const { byteLength } = digits;
  if (digits[byteLength - 1] !== PAD) return byteLength;
  return digits[byteLength - 2] === PAD ? byteLength - 2 : byteLength - 1;
}

function wiped(bytes: Buffer): undefined {
  bytes.fill(0);
  return undefined;
}
