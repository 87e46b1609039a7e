/** Sealing an object's metadata into one value, bound to the very header it was sealed under (format.md §11). */
import { randomBytes } from "node:crypto";
import { Fault } from "../faults.ts";
import { fromBase64Url } from "../format/bytes.ts";
import type { ObjectHeader } from "../format/header.ts";
import { FLAG, METADATA_FIELD, TAG_BYTES } from "../format/layout.ts";
import { decodeMetadata, encodeMetadata, type MetadataFields } from "../format/metadata.ts";
import { type MessageKey, openWithNonce, sealWithNonce } from "./aead.ts";
import type { ObjectKeys } from "./object-keys.ts";

const NONCE_BYTES = 12;
const LABEL = Buffer.from("s3eg/2/meta");
/** A value longer than S3's 2 KiB of user metadata is none of ours; the bound keeps opening cheap. */
const MAX_VALUE_CHARS = 2048;

/** A header that proved genuine, and the keys that proved it. */
export interface ProvenHeader {
  readonly header: Pick<ObjectHeader, "suite" | "flags" | "mac">;
  readonly keys: ObjectKeys;
}

/** True for a header that says its object's metadata are sealed. */
export function sealsMetadata({ flags }: Pick<ObjectHeader, "flags">): boolean {
  return (flags & FLAG.sealedMetadata) !== 0;
}

/** The value of `x-amz-meta-s3eg-m`. The nonce is random: a header that is re-issued keeps its key, and seals anew. */
export function sealMetadata(metadata: MetadataFields, proven: ProvenHeader): string {
  if (!sealsMetadata(proven.header)) {
    throw new Fault("internal.bug", "metadata were to be sealed under a header without the flag");
  }
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = sealWithNonce(messageKey(proven), nonce, encodeMetadata(metadata));
  return Buffer.concat([nonce, sealed]).toString("base64url");
}

/**
 * The metadata that a backend's header fields hold sealed; undefined where the object's header says that they are not. A value without
 * the flag, the flag without a value, and whatever does not open is `crypto.integrity`.
 */
export function openMetadata(
  headers: MetadataFields,
  proven: ProvenHeader,
): MetadataFields | undefined {
  const value = headers[METADATA_FIELD];
  if (sealsMetadata(proven.header) !== (value !== undefined)) throw mismatched();
  if (value === undefined) return undefined;
  const bytes = bytesOf(value);
  if (!bytes) throw new Fault("crypto.integrity", "sealed metadata are malformed");
  const nonce = bytes.subarray(0, NONCE_BYTES);
  return decodeMetadata(openWithNonce(messageKey(proven), nonce, bytes.subarray(NONCE_BYTES)));
}

/** Bytes of the metadata in a value, which takes no key to see; undefined for a value that can be none. */
export function sealedBytesOf(value: string): number | undefined {
  return bytesOf(value)?.subarray(NONCE_BYTES + TAG_BYTES).byteLength;
}

/** Refuses sealed metadata without a header that says so, which takes no key to see (`crypto.integrity`). */
export function refuseStrayMetadata(headers: MetadataFields): void {
  if (headers[METADATA_FIELD] !== undefined) throw mismatched();
}

function bytesOf(value: string): Buffer | undefined {
  const bytes = value.length <= MAX_VALUE_CHARS ? fromBase64Url(value) : undefined;
  return bytes && bytes.byteLength >= NONCE_BYTES + TAG_BYTES ? bytes : undefined;
}

function messageKey({ header, keys }: ProvenHeader): MessageKey {
  const aad = Buffer.concat([LABEL, header.mac]);
  return { suite: header.suite, key: keys.metadataKey, aad };
}

function mismatched(): Fault {
  return new Fault(
    "crypto.integrity",
    "header and sealed metadata of the object contradict each other",
  );
}
