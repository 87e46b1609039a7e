/** Inputs that the known answers of format 1 share (docs/format-1.md §10). */
import { SUITE } from "../../src/format/layout.ts";
import type { LegacySeal } from "../../src/legacy/legacy-object.ts";

const bytesFrom = (first: number, count: number) =>
  Buffer.from(Array.from({ length: count }, (_, n) => first + n));

export const NONCE = bytesFrom(0, 12);
export const SALT = bytesFrom(0x20, 32);
export const DATA_KEY = bytesFrom(1, 32);
export const PASSWORD = "correct horse battery";

/** A seal of those inputs. */
export function vectorSeal(wish: Partial<LegacySeal> = {}): LegacySeal {
  return {
    suite: SUITE.aes256Gcm,
    algorithm: "AES256-GCM",
    salt: SALT,
    nonce: NONCE,
    key: { kind: "password", salt: SALT, kdf: { algorithm: "pbkdf2-sha256", iterations: 100_000 } },
    keyVersion: "1",
    contentType: "text/plain",
    originalSize: 11,
    originalSizeText: "11",
    originalEtag: undefined,
    isGzip: false,
    isMarkedNoAad: false,
    ...wish,
  };
}
