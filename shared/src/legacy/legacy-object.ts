/** How an object of format 1 is laid out and where its key comes from, read from its metadata (docs/format-1.md §1, §3, §4). */
import type { HeaderFields } from "../backend/backend.ts";
import type { KdfWork } from "../contracts/keys.ts";
import { Fault } from "../faults.ts";
import { SUITE, type SuiteNumber } from "../format/layout.ts";
import { type LegacyMetadata, legacyMetadataOf } from "./legacy-metadata.ts";

const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const MIN_CHUNK_BYTES = 16_384;
const MAX_CHUNK_BYTES = 1_048_576;
const MAX_WRAPPED_BYTES = 1024;
const MAX_KDF_FIELDS = 4;

/** Where the data key of an object comes from: derived from a password, or wrapped by a key store. */
export type LegacyKeySource =
  | { readonly kind: "password"; readonly salt: Uint8Array; readonly kdf: KdfWork }
  | {
      readonly kind: "wrapped";
      readonly wrappedKey: Uint8Array;
      /** As the object names it; absent in the first objects with wrapped keys, whose only store was a KMIP server. */
      readonly provider: string;
      readonly keyId: string;
      readonly keyVersion: string;
    };

/** Chunks that are sealed one by one, each under a nonce of its index. */
export interface LegacyChunks {
  readonly chunkBytes: number;
  readonly baseNonce: Uint8Array;
  readonly nonces: "hkdf" | "xor";
}

/** What every sealed object of format 1 (multipart ones aside) says of itself. */
export interface LegacySeal {
  readonly suite: SuiteNumber;
  readonly algorithm: string;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly key: LegacyKeySource;
  readonly keyVersion: string;
  readonly contentType: string | undefined;
  readonly originalSize: number | undefined;
  /** The recorded size as it stands in the metadata, which is what was authenticated; empty where there is none. */
  readonly originalSizeText: string;
  /** Hex MD5 (SHA-256 in FIPS builds) of the plaintext, where it was recorded. */
  readonly originalEtag: string | undefined;
  readonly isGzip: boolean;
  /** Marked by an operator as sealed without associated data. */
  readonly isMarkedNoAad: boolean;
}

/** An object of format 1. The names F0 … F8 are those of docs/format-1.md §1. */
export type LegacyObject =
  /** F0, F1, F2: one AEAD message. */
  | { readonly layout: "single"; readonly seal: LegacySeal }
  /** F3, F4. */
  | { readonly layout: "chunked"; readonly seal: LegacySeal; readonly chunks: LegacyChunks }
  /** F5, F6: one AEAD message that holds metadata in front of the payload. */
  | { readonly layout: "inner"; readonly seal: LegacySeal }
  /** F7: metadata in clear in front of chunks. */
  | { readonly layout: "front"; readonly seal: LegacySeal }
  /** F8. */
  | { readonly layout: "multipart" };

/** What the headers of a stored object say, or undefined where nothing marks it as format 1. `crypto.integrity` for marks that make no sense. */
export function legacyObjectOf(headers: HeaderFields): LegacyObject | undefined {
  const metadata = legacyMetadataOf(headers);
  if (metadata === undefined) return undefined;
  if (metadata.get("encrypted-mpu") === "true") return { layout: "multipart" };
  const seal = legacySealOf(metadata);
  if (metadata.get("encryption-fallback") === "true") {
    const isFront = metadata.get("encryption-fallback-version") === "2";
    return { layout: isFront ? "front" : "inner", seal };
  }
  if (metadata.get("encryption-chunked") === "true") {
    return { layout: "chunked", seal, chunks: legacyChunksOf(metadata) };
  }
  return { layout: "single", seal };
}

/** The seal that metadata describes. */
export function legacySealOf(metadata: LegacyMetadata): LegacySeal {
  const algorithm = metadata.get("encryption-algorithm") || "AES256-GCM";
  const salt = bytesOf(metadata, "encryption-key-salt", SALT_BYTES);
  const originalSizeText = metadata.get("encryption-original-size") ?? "";
  return {
    suite: legacySuiteOf(algorithm),
    algorithm,
    salt,
    nonce: bytesOf(metadata, "encryption-iv", NONCE_BYTES),
    key: keySourceOf(metadata, salt),
    keyVersion: metadata.get("encryption-key-version") ?? "",
    contentType: metadata.get("encryption-content-type"),
    originalSize: sizeOf(
      originalSizeText === "" ? metadata.get("original-content-length") : originalSizeText,
    ),
    originalSizeText,
    originalEtag: metadata.get("encryption-original-etag"),
    isGzip:
      metadata.get("compression-enabled") === "true" &&
      metadata.get("compression-algorithm") === "gzip",
    isMarkedNoAad: metadata.get("enc-legacy-no-aad") === "true",
  };
}

/** The suite that a name stands for; `AES256GCM` is what releases 0.6.1–0.6.3 called it in multipart manifests. */
export function legacySuiteOf(algorithm: string): SuiteNumber {
  if (algorithm === "AES256-GCM" || algorithm === "AES256GCM") return SUITE.aes256Gcm;
  if (algorithm === "ChaCha20-Poly1305") return SUITE.chacha20Poly1305;
  throw new Fault("crypto.integrity", "object names an algorithm that is not known");
}

/** The chunks that the manifest of metadata describes. Its chunk size alone counts, within the bounds that were ever written. */
export function legacyChunksOf(metadata: LegacyMetadata): LegacyChunks {
  const text = Buffer.from(metadata.get("encryption-manifest") ?? "", "base64").toString("utf8");
  const manifest = parsedManifest(text);
  const { cs, iv, ivd } = manifest;
  const isChunkSize = Number.isInteger(cs) && Number(cs) >= MIN_CHUNK_BYTES;
  if (!isChunkSize || Number(cs) > MAX_CHUNK_BYTES || typeof iv !== "string") throw noManifest();
  const baseNonce = Buffer.from(iv, "base64");
  if (baseNonce.byteLength !== NONCE_BYTES) throw noManifest();
  return {
    chunkBytes: Number(cs),
    baseNonce,
    nonces: ivd === "hkdf-sha256" ? "hkdf" : "xor",
  };
}

/** A key derivation from its text, as `encryption-kdf-params` has it; without text what was used before there was any. */
export function legacyKdfOf(text: string | undefined): KdfWork {
  const [algorithm, ...fields] = (text || "pbkdf2-sha256:100000").split(":");
  const numbers = fields.map((field) => (/^\d{1,10}$/.test(field) ? Number(field) : Number.NaN));
  const [first = Number.NaN, memoryKiB = Number.NaN, lanes = Number.NaN] = numbers;
  const isKnown = numbers.length < MAX_KDF_FIELDS && numbers.every((number) => number > 0);
  if (isKnown && algorithm === "pbkdf2-sha256" && numbers.length === 1) {
    return { algorithm, iterations: first };
  }
  if (isKnown && algorithm === "argon2id" && numbers.length === 3) {
    return { algorithm, passes: first, memoryKiB, lanes };
  }
  throw new Fault("crypto.integrity", "object names a key derivation that is not known");
}

/** A wrapped key means a key store, no wrapped key means the password: never the one for want of the other. */
function keySourceOf(metadata: LegacyMetadata, salt: Uint8Array): LegacyKeySource {
  const wrapped = metadata.get("encryption-wrapped-key");
  if (!wrapped) {
    return { kind: "password", salt, kdf: legacyKdfOf(metadata.get("encryption-kdf-params")) };
  }
  const wrappedKey = Buffer.from(wrapped, "base64");
  if (wrappedKey.byteLength === 0 || wrappedKey.byteLength > MAX_WRAPPED_BYTES) {
    throw new Fault("crypto.integrity", "wrapped key of the object has no possible length");
  }
  return {
    kind: "wrapped",
    wrappedKey,
    provider: metadata.get("encryption-kms-provider") || "cosmian-kmip",
    keyId: metadata.get("encryption-kms-id") ?? "",
    keyVersion: metadata.get("encryption-key-version") ?? "",
  };
}

function bytesOf(metadata: LegacyMetadata, name: string, size: number): Buffer {
  const bytes = Buffer.from(metadata.get(name) ?? "", "base64");
  if (bytes.byteLength === size) return bytes;
  throw new Fault("crypto.integrity", `metadata ${name} of the object is not ${size} bytes long`);
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Fault("crypto.integrity", "recorded size of the object is no number");
}

function parsedManifest(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return { ...parsed };
  } catch {
    // Said below, like everything that is no manifest.
  }
  throw noManifest();
}

function noManifest(): Fault {
  return new Fault("crypto.integrity", "manifest of the object's chunks makes no sense");
}
