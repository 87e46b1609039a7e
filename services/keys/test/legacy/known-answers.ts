/** The known answers of format 1 that keys opens (docs/format-1.md §10). */
import type { IsRetired, LegacyWrapped } from "../../src/custody/custodian.ts";

const bytesFrom = (first: number, count: number) =>
  Buffer.from(Array.from({ length: count }, (_, n) => first + n));

export const DATA_KEY = bytesFrom(1, 32);
export const KEK = bytesFrom(0x80, 32);
export const SALT = bytesFrom(0x20, 32);
export const PASSWORD = "correct horse battery";
/** PBKDF2 of the password and the salt, 100 000 rounds. */
export const DERIVED = "f5a88d4f47facc76ed2a6071b77e1416db2d238895229e9cc47bab496eb12fff";

/** The data key under the password, one for each layout of an envelope. */
export const PASSWORD_ENVELOPES = {
  first:
    "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpams3mR5Tp8F1EeoIE0jNto8W5D1fbzU52LOX5bTgSwhyuQ/CwJdIchsieLoLLhEEWZ8=",
  second:
    "AAknwEBBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprXc9npVDvlJAz6NvwjD/KLXRMdbCraasnwEubaunuVKD8woKEXRECDFbVc+gd008n",
  pbkdf2:
    "AAAAAQAACSfAQEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtdz2elUO+UkDPo2/CMP8otdEx1sKtpqyfAS5tq6e5UoPzCgoRdEQIMVtVz6B3TTyc=",
  argon2id:
    "AAAAAQEAAAACAABMAAFAQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlqa9Z4McK6LxU/6nmgS2n7Hq8eQMXQ6V1yUnfNbM2X1QEuyu6zaW6EWVv0SrNWKeyTfQ==",
} as const;

/** The data key under the KEK, as `self_contained` wrapped it. */
export const AES_WRAPPED: LegacyWrapped = {
  wrappedKey: Buffer.from(
    "YGFiY2RlZmdoaWprnNRcazEtAqR/wnHr53B5VAw7tK0aWVHRdAZjsr2Y/1rw8T7guh8/HVilW/uhd9dp",
    "base64",
  ),
  keyId: "self-contained-aes-v7",
  keyVersion: "7",
};

/** The same, as `memory` wrapped it. */
export const MEMORY_WRAPPED: LegacyWrapped = {
  wrappedKey: Buffer.from(
    "8efce8571963cba9305a8fa03687f5035e8a11f7a10498addcafc3f78bdce94ff29f16d26b7b599d",
    "hex",
  ),
  keyId: "memory-v1",
  keyVersion: "1",
};

/** Of a deployment where nothing was ever retired. */
export const NONE_RETIRED: IsRetired = () => false;

/** With one bit of the last byte turned. */
export function spoiled<Wrapped extends Uint8Array>(bytes: Wrapped): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 1, copy.length - 1);
  return copy;
}
