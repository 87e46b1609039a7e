/**
 * The FIPS profile: AES-256-GCM, HKDF and HMAC with SHA-256, PBKDF2, RSA-OAEP with SHA-256, ECDH on P-256, and nothing else. What it proves at a start
 * are known answers; whether the module behind them is a validated one is OpenSSL's to say (`cryptoModule`).
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  diffieHellman,
  generateKeyPairSync,
  getFips,
  hash,
  hkdfSync,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
} from "node:crypto";
import { Fault } from "../faults.ts";
import { SUITE, type SuiteNumber } from "../format/layout.ts";

/** The cryptographic module of this process. */
export interface CryptoModule {
  /** Version of OpenSSL. */
  readonly openssl: string;
  /** True if OpenSSL runs its FIPS provider alone (`node --enable-fips`). */
  readonly isFipsProvider: boolean;
}

/** What this process computes with. */
export function cryptoModule(): CryptoModule {
  return { openssl: process.versions.openssl, isFipsProvider: getFips() === 1 };
}

/** `crypto.not-permitted` for a suite that the FIPS profile neither writes nor opens. */
export function refuseUnapprovedSuite(suite: SuiteNumber): void {
  if (suite === SUITE.aes256Gcm) return;
  throw new Fault("crypto.not-permitted", "the FIPS profile opens and writes AES-256-GCM only");
}

/** Every algorithm of the profile, tried on a known answer. `config.invalid` with the names of those that gave another. */
export function fipsSelfTest(): void {
  const failed = Object.entries(TESTS).flatMap(([name, test]) => (passes(test) ? [] : [name]));
  if (failed.length === 0) return;
  throw new Fault("config.invalid", `encryption.fips: self-test failed: ${failed.join(", ")}`);
}

function passes(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}

const hex = (text: string) => Buffer.from(text, "hex");

const TESTS: Readonly<Record<string, () => boolean>> = {
  // FIPS 180-4, the example "abc".
  "SHA-256": () =>
    hash("sha256", "abc") === "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  // RFC 4231 §4.3 (test case 2 with SHA-256).
  "HMAC-SHA-256": () =>
    createHmac("sha256", "Jefe").update("what do ya want for nothing?").digest("hex") ===
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  // RFC 5869 A.1.
  "HKDF-SHA-256": () =>
    Buffer.from(
      hkdfSync(
        "sha256",
        Buffer.alloc(22, 0x0b),
        hex("000102030405060708090a0b0c"),
        hex("f0f1f2f3f4f5f6f7f8f9"),
        42,
      ),
    ).equals(
      hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    ),
  // RFC 7914 §11, first 32 bytes of PBKDF2-HMAC-SHA-256 with 80000 iterations.
  PBKDF2: () =>
    pbkdf2Sync("Password", "NaCl", 80_000, 32, "sha256").equals(
      hex("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
    ),
  "AES-256-GCM": aesGcm,
  // A pair of its own: keys agree, and what one half encrypts the other decrypts.
  "ECDH P-256": () => {
    const [a, b] = [curve(), curve()];
    const one = diffieHellman({ privateKey: a.privateKey, publicKey: b.publicKey });
    return one.equals(diffieHellman({ privateKey: b.privateKey, publicKey: a.publicKey }));
  },
  "RSA-OAEP-SHA-256": () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const text = Buffer.from("s3eg");
    const sealed = publicEncrypt({ key: publicKey, padding, oaepHash: "sha256" }, text);
    return (
      !sealed.includes(text) &&
      privateDecrypt({ key: privateKey, padding, oaepHash: "sha256" }, sealed).equals(text)
    );
  },
};

function curve() {
  return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
}

/** "The Galois/Counter Mode of Operation" (McGrew, Viega), test case 16; then with a tag that is none. */
function aesGcm(): boolean {
  const key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const nonce = hex("cafebabefacedbaddecaf888");
  const aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const plain = hex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
  );
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const tag = cipher.getAuthTag();
  const isKnown =
    sealed.equals(
      hex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
      ),
    ) && tag.equals(hex("76fc6ece0f4e1768cddf8853bb2d551b"));
  const open = (with_: Buffer) => {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(aad).setAuthTag(with_);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  };
  const opensIt = open(tag).equals(plain);
  tag.writeUInt8(tag.readUInt8(0) ^ 1, 0);
  return isKnown && opensIt && !passes(() => open(tag).byteLength >= 0);
}
