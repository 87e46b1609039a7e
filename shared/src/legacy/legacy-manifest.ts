/** The companion manifest of a multipart object of format 1 (docs/format-1.md §8). */
import type { HeaderFields } from "../backend/backend.ts";
import { Fault } from "../faults.ts";
import type { SuiteNumber } from "../format/layout.ts";
import { HEADER_FIELD } from "../format/layout.ts";
import { legacyMetadataOf } from "./legacy-metadata.ts";
import { type LegacyKeySource, legacySuiteOf } from "./legacy-object.ts";

const COMPANION_SUFFIX = ".mpu-manifest";
const CHUNK_BYTES = 65_536;
const PREFIX_BYTES = 12;
const HASH_BYTES = 32;
const MAX_PARTS = 10_000;
const MAX_PART_BYTES = 5 * 1024 ** 3;

/** What the manifest says of one part. */
export interface LegacyPart {
  readonly partNumber: number;
  readonly plainBytes: number;
  readonly storedBytes: number;
}

/** The manifest, checked. Parts are in the order of their numbers; it may list some that the object does not have. */
export interface LegacyManifest {
  readonly suite: SuiteNumber;
  readonly chunkBytes: number;
  readonly noncePrefix: Uint8Array;
  /** SHA-256 of the upload id. */
  readonly uploadIdHash: Uint8Array;
  readonly key: Extract<LegacyKeySource, { kind: "wrapped" }>;
  readonly parts: readonly LegacyPart[];
}

/** Key of the object that holds the manifest of `key`. What the object itself points at is the client's to write, and not followed. */
export function companionKeyOf(key: string): string {
  return `${key}${COMPANION_SUFFIX}`;
}

/** True for a key that the manifest of an object may have, and any other object too. */
export function isLegacyCompanionName(key: string): boolean {
  return key.endsWith(COMPANION_SUFFIX);
}

/** True for a manifest as the gateway of before stored it: sealed in format 1 and marked. An object of that name that is a client's is not. */
export function isLegacyCompanion(key: string, headers: HeaderFields): boolean {
  if (!isLegacyCompanionName(key) || headers[HEADER_FIELD] !== undefined) return false;
  const metadata = legacyMetadataOf(headers);
  return (
    metadata?.get("encrypted") === "true" && metadata.get("encryption-mpu-manifest") === "true"
  );
}

/** Reads a manifest. `crypto.integrity` for one that makes no sense. */
export function parseLegacyManifest(json: Uint8Array): LegacyManifest {
  const fields = recordOf(parsed(json));
  if (fields.v !== 1 || fields.cs !== CHUNK_BYTES) throw noManifest("version or chunk size");
  const envelope = recordOf(parsed(Buffer.from(textOf(fields.wrapped_dek))));
  const { KeyVersion } = envelope;
  const noncePrefix = Buffer.from(textOf(fields.iv_prefix), "hex");
  const uploadIdHash = Buffer.from(textOf(fields.uid_hash), "base64");
  if (noncePrefix.byteLength !== PREFIX_BYTES) throw noManifest("nonce prefix");
  if (uploadIdHash.byteLength !== HASH_BYTES) throw noManifest("hash of the upload id");
  const { parts } = fields;
  if (!Array.isArray(parts) || parts.length > MAX_PARTS) throw noManifest("list of parts");
  const listed = parts.map(partOf);
  const isOrdered = listed.every(
    ({ partNumber }, n) => n === 0 || partNumber > (listed[n - 1]?.partNumber ?? 0),
  );
  if (!isOrdered) throw noManifest("order of parts");
  return {
    suite: legacySuiteOf(textOf(fields.alg)),
    chunkBytes: CHUNK_BYTES,
    noncePrefix,
    uploadIdHash,
    key: {
      kind: "wrapped",
      wrappedKey: Buffer.from(textOf(envelope.Ciphertext), "base64"),
      provider: textOf(envelope.Provider ?? "") || "cosmian-kmip",
      keyId: textOf(envelope.KeyID ?? ""),
      keyVersion: typeof KeyVersion === "number" ? String(KeyVersion) : "",
    },
    parts: listed,
  };
}

/**
 * The parts that the object is made of: all that are listed, or, because manifests also list what a client uploaded and left out of
 * Complete, the one choice of them in order that has the object's stored size. `crypto.integrity` where there is none, or more than one.
 */
export function partsOfObject({ parts }: LegacyManifest, storedBytes: number): LegacyPart[] {
  const surplus = parts.reduce((sum, part) => sum + part.storedBytes, 0) - storedBytes;
  const filled = parts.filter((part) => part.storedBytes > 0);
  if (surplus === 0) return filled;
  // The sum of what was left out is the surplus; one part nearly always, and then it is plain which.
  const left = filled.filter((part) => part.storedBytes === surplus);
  const [only] = left;
  if (!only || left.length > 1) throw noManifest("parts, which are not those of the object");
  return filled.filter((part) => part !== only);
}

function partOf(part: unknown): LegacyPart {
  const fields = recordOf(part);
  const partNumber = countOf(fields.pn, MAX_PARTS);
  const plainBytes = countOf(fields.plain_len, MAX_PART_BYTES);
  const storedBytes = countOf(fields.enc_len, 2 * MAX_PART_BYTES);
  const tags = 16 * Math.ceil(plainBytes / CHUNK_BYTES);
  if (partNumber === 0 || storedBytes !== plainBytes + tags) throw noManifest("sizes of a part");
  return { partNumber, plainBytes, storedBytes };
}

function countOf(value: unknown, max: number): number {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max) return Number(value);
  throw noManifest("numbers");
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw noManifest("members");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw noManifest("shape");
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(json).toString("utf8"));
  } catch {
    throw noManifest("JSON");
  }
}

function noManifest(what: string): Fault {
  return new Fault("crypto.integrity", `manifest of the multipart object has wrong ${what}`);
}
