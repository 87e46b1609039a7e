/**
 * The header of a sealed object: the value of `x-amz-meta-s3eg` (format.md §4). Parsing is strict and needs no key; whether the
 * header is genuine shows only when its data key was unwrapped (sealing/object-keys.ts).
 */
import { Fault } from "../faults.ts";
import { FieldReader, fromBase64Url, lengthPrefixed } from "./bytes.ts";
import {
  FLAG,
  FORMAT_VERSION,
  KEY_BYTES,
  MAX_OBJECT_BYTES,
  PROVIDERS,
  type Provider,
  SUITE,
  type SuiteNumber,
} from "./layout.ts";

/** What a header says, without its MAC. */
export interface ObjectHeaderFields {
  readonly suite: SuiteNumber;
  /** Sum of FLAG values. */
  readonly flags: number;
  readonly objectId: Uint8Array;
  readonly commitment: Uint8Array;
  /** Plaintext bytes; undefined exactly for a multipart object, whose manifest knows. */
  readonly plaintextSize: number | undefined;
  /** Unix time in milliseconds. */
  readonly createdAtMs: number;
  readonly provider: Provider;
  readonly keyId: string;
  readonly keyVersion: number;
  readonly wrappedKey: Uint8Array;
}

/** A parsed header: its fields, its MAC and the bytes the MAC covers. */
export interface ObjectHeader extends ObjectHeaderFields {
  readonly mac: Buffer;
  readonly macInput: Buffer;
}

const SIZE_UNKNOWN = 0xffff_ffff_ffff_ffffn;
/** A value longer than S3's 2 KiB of user metadata is none of ours; the bound keeps parsing cheap. */
const MAX_HEADER_CHARS = 2048;

/** Encodes a header; `mac` is given every byte before it and returns the 32 bytes that follow. */
export function encodeHeader(
  fields: ObjectHeaderFields,
  mac: (macInput: Buffer) => Uint8Array,
): string {
  const fixed = Buffer.allocUnsafe(83);
  fixed.writeUInt8(FORMAT_VERSION, 0);
  fixed.writeUInt8(fields.suite, 1);
  fixed.writeUInt8(fields.flags, 2);
  fixed.set(fields.objectId, 3);
  fixed.set(fields.commitment, 35);
  const size = fields.plaintextSize;
  fixed.writeBigUInt64BE(size === undefined ? SIZE_UNKNOWN : BigInt(size), 67);
  fixed.writeBigUInt64BE(BigInt(fields.createdAtMs), 75);
  const version = Buffer.allocUnsafe(4);
  version.writeUInt32BE(fields.keyVersion, 0);
  const macInput = Buffer.concat([
    fixed,
    lengthPrefixed(Buffer.from(fields.provider)),
    lengthPrefixed(Buffer.from(fields.keyId)),
    version,
    lengthPrefixed(fields.wrappedKey),
  ]);
  return Buffer.concat([macInput, mac(macInput)]).toString("base64url");
}

/** Parses a header value. Anything but the one canonical encoding of valid fields is `crypto.integrity`. */
export function decodeHeader(value: string): ObjectHeader {
  const bytes = value.length <= MAX_HEADER_CHARS ? fromBase64Url(value) : undefined;
  if (!bytes || bytes.byteLength === 0) throw malformed();
  const reader = new FieldReader(bytes, "object header");
  if (reader.u8() !== FORMAT_VERSION) throw malformed();
  const suite = knownSuite(reader.u8());
  const flags = knownFlags(reader.u8());
  const objectId = reader.bytes(KEY_BYTES);
  const commitment = reader.bytes(KEY_BYTES);
  const plaintextSize = knownSize(reader.u64(), flags);
  const createdAt = reader.u64();
  if (createdAt > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed();
  const provider = knownProvider(reader.text());
  const keyId = reader.text();
  const keyVersion = reader.u32();
  const wrappedKey = reader.lengthPrefixed();
  if (wrappedKey.byteLength === 0) throw malformed();
  const macInput = bytes.subarray(0, reader.position);
  const mac = reader.bytes(KEY_BYTES);
  reader.end();
  return {
    suite,
    flags,
    objectId,
    commitment,
    plaintextSize,
    createdAtMs: Number(createdAt),
    provider,
    keyId,
    keyVersion,
    wrappedKey,
    mac,
    macInput,
  };
}

function knownSuite(suite: number): SuiteNumber {
  if (suite !== SUITE.aes256Gcm && suite !== SUITE.chacha20Poly1305) throw malformed();
  return suite;
}

function knownFlags(flags: number): number {
  const known = FLAG.multipart | FLAG.sealedMetadata | FLAG.companionManifest;
  if ((flags & ~known) !== 0) throw malformed();
  if ((flags & FLAG.companionManifest) !== 0 && (flags & FLAG.multipart) === 0) throw malformed();
  return flags;
}

function knownSize(size: bigint, flags: number): number | undefined {
  const isMultipart = (flags & FLAG.multipart) !== 0;
  if (isMultipart !== (size === SIZE_UNKNOWN)) throw malformed();
  if (isMultipart) return undefined;
  if (size > BigInt(MAX_OBJECT_BYTES)) throw malformed();
  return Number(size);
}

function knownProvider(name: string): Provider {
  const provider = PROVIDERS.find((known) => known === name);
  if (!provider) throw malformed();
  return provider;
}

function malformed(): Fault {
  return new Fault("crypto.integrity", "object header is malformed");
}

/** The key version that a header's value names, unproven. */
export function namedKeyOf(value: string): Pick<ObjectHeader, "provider" | "keyId" | "keyVersion"> {
  const { provider, keyId, keyVersion } = decodeHeader(value);
  return { provider, keyId, keyVersion };
}
