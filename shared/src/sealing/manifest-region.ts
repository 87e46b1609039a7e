/** The region that ends a multipart object: its sealed manifest and how to find it (format.md §7). */
import { createHmac } from "node:crypto";
import { Fault } from "../faults.ts";
import { type SuiteNumber, TAG_BYTES } from "../format/layout.ts";
import { decodeManifest, encodeManifest, type Manifest, totalSizeOf } from "../format/manifest.ts";
import { maxRegionBytesOf, multipartStoredSizeOf, sealedPartSizeOf } from "../format/sizes.ts";
import { openWithNonce, sealWithNonce } from "./aead.ts";
import type { ObjectKeys } from "./object-keys.ts";

const NONCE_BYTES = 12;
const MAGIC = Buffer.from("S3EG");
/** Nonce, length and magic after the sealed manifest. */
const FOOTER_BYTES = NONCE_BYTES + 4 + MAGIC.byteLength;
const NONCE_LABEL = Buffer.from("s3eg/2/manifest-nonce");

interface Sealed {
  readonly keys: ObjectKeys;
  readonly suite: SuiteNumber;
}

/** Bytes of the region of an object in `partCount` backend parts, the region's own included: padded so that sizes stay arithmetic. */
function regionBytesOf(manifest: Manifest, partCount: number): number {
  const storedSize = multipartStoredSizeOf(totalSizeOf(manifest.parts), partCount);
  return storedSize - sealedBytesOf(manifest);
}

/** Stored bytes of all parts before the region. */
export function sealedBytesOf({ parts }: Manifest): number {
  return parts.reduce((sum, { size }) => sum + sealedPartSizeOf(size), 0);
}

/** Seals a manifest into a region. The same manifest gives the same bytes, so a repeated Complete writes nothing else. */
export function sealRegion(manifest: Manifest, { keys, suite }: Sealed, partCount: number): Buffer {
  const length = regionBytesOf(manifest, partCount);
  const plaintext = encodeManifest(manifest, length - FOOTER_BYTES - TAG_BYTES);
  const nonce = createHmac("sha256", keys.headerKey)
    .update(NONCE_LABEL)
    .update(plaintext)
    .digest()
    .subarray(0, NONCE_BYTES);
  const sealed = sealWithNonce({ suite, key: keys.manifestKey }, nonce, plaintext);
  const lengthField = Buffer.allocUnsafe(4);
  lengthField.writeUInt32BE(length, 0);
  return Buffer.concat([sealed, nonce, lengthField, MAGIC]);
}

/**
 * Opens the region at the end of `tail`, the last bytes of a stored object of `storedSize` bytes in `partCount` backend parts.
 * `tail` holds at least `maxRegionBytesOf(partCount)` bytes, or the whole object. Anything but the one region that fits is
 * `crypto.integrity`.
 */
export function openRegion(
  tail: Buffer,
  { keys, suite }: Sealed,
  { storedSize, partCount }: { storedSize: number; partCount: number },
): Manifest {
  const { manifest, length } = openedRegion(tail, { keys, suite }, partCount);
  const isComplete = sealedBytesOf(manifest) + length === storedSize;
  if (!isComplete || regionBytesOf(manifest, partCount) !== length) throw noRegion();
  return manifest;
}

/** Opens the region that is all of a companion, and belongs to an object of `storedSize` bytes that has none inside. */
export function openCompanion(
  bytes: Buffer,
  sealed: Sealed,
  { storedSize, partCount }: { storedSize: number; partCount: number },
): Manifest {
  const { manifest, length } = openedRegion(bytes, sealed, partCount);
  const isComplete = sealedBytesOf(manifest) === storedSize && length === bytes.byteLength;
  const hasAllParts = manifest.parts.length === partCount;
  if (!isComplete || !hasAllParts || regionBytesOf(manifest, partCount) !== length) {
    throw noRegion();
  }
  return manifest;
}

function openedRegion(
  tail: Buffer,
  { keys, suite }: Sealed,
  partCount: number,
): { manifest: Manifest; length: number } {
  const magicAt = tail.byteLength - MAGIC.byteLength;
  if (magicAt < FOOTER_BYTES + TAG_BYTES || !tail.subarray(magicAt).equals(MAGIC)) throw noRegion();
  const length = tail.readUInt32BE(magicAt - 4);
  if (length > Math.min(maxRegionBytesOf(partCount), tail.byteLength)) throw noRegion();
  const region = tail.subarray(tail.byteLength - length);
  const sealed = region.subarray(0, length - FOOTER_BYTES);
  const nonce = region.subarray(length - FOOTER_BYTES, length - FOOTER_BYTES + NONCE_BYTES);
  if (sealed.byteLength < TAG_BYTES) throw noRegion();
  const plaintext = openWithNonce({ suite, key: keys.manifestKey }, nonce, sealed);
  return { manifest: decodeManifest(plaintext), length };
}

function noRegion(): Fault {
  return new Fault("crypto.integrity", "object does not end in the region of its manifest");
}
