/** Companion manifests: objects beside objects, where there is no room for a manifest inside (format.md §7). */
import { createHash } from "node:crypto";
import { FLAG } from "./layout.ts";
import { partCountOfEtag } from "./sizes.ts";

const MARK_DIGITS = 16;
const SUFFIX = ".mpu-manifest";
const NAME = new RegExp(`^(.+)\\.([0-9a-f]{${MARK_DIGITS}})\\${SUFFIX}$`, "s");
const MAX_KEY_BYTES = 1024;
/** Backend parts of an object at most: one that has them all may have its manifest beside it. */
const MAX_PARTS = 10_000;

/** Key of the companion of an object with this header (`x-amz-meta-s3eg`). */
export function companionKeyOf(key: string, header: string): string {
  return `${key}.${markOf(header)}${SUFFIX}`;
}

/** The key of the object that a companion belongs to, and the mark of its header; undefined for a key that is no companion's. */
export function companionOwnerOf(companionKey: string): { key: string; mark: string } | undefined {
  const [, key, mark] = NAME.exec(companionKey) ?? [];
  return key === undefined || mark === undefined ? undefined : { key, mark };
}

/** The first 16 hex digits of SHA-256 of a header's value. */
export function markOf(header: string): string {
  return createHash("sha256").update(header).digest("hex").slice(0, MARK_DIGITS);
}

/** True if the name of the companion fits into a key (S3 API, "Object key naming"). */
export function hasRoomForCompanion(key: string): boolean {
  return Buffer.byteLength(companionKeyOf(key, "")) <= MAX_KEY_BYTES;
}

/** True if the size of a multipart object may not follow from what a listing shows: its manifest lies, or may lie, beside it. */
export function mayHaveCompanion(etag: string, flags = 0): boolean {
  return (flags & FLAG.companionManifest) !== 0 || partCountOfEtag(etag) === MAX_PARTS;
}

/** True for the flags of a multipart object; a companion manifest is one of its two layouts. */
export function isMultipart(flags: number): boolean {
  return (flags & FLAG.multipart) !== 0;
}
