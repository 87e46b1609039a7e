/** Opens a stored object with nothing but its bytes, its metadata and the key-encryption key: no gateway, no backend, no network (docs/format.md §1). */
import { createSecretKey } from "node:crypto";
import { open } from "node:fs/promises";
import { unwrapUnderKek } from "../../services/keys/src/custody/kek-envelope.ts";
import { Fault } from "../../shared/src/faults.ts";
import { isMultipart } from "../../shared/src/format/companion.ts";
import { decodeHeader, type ObjectHeader } from "../../shared/src/format/header.ts";
import { FLAG, HEADER_FIELD } from "../../shared/src/format/layout.ts";
import { type Manifest, totalSizeOf } from "../../shared/src/format/manifest.ts";
import { shownMetadata } from "../../shared/src/format/metadata.ts";
import { maxRegionBytesOf, partCountOfEtag, storedSizeOf } from "../../shared/src/format/sizes.ts";
import { type Body, bodyOfPieces } from "../../shared/src/http/body.ts";
import { bindingOf, unpackPayload } from "../../shared/src/sealing/envelope.ts";
import { openCompanion, openRegion } from "../../shared/src/sealing/manifest-region.ts";
import { type ObjectKeys, openHeader } from "../../shared/src/sealing/object-keys.ts";
import { openBody } from "../../shared/src/sealing/open.ts";
import { openParts, partsSpanOf } from "../../shared/src/sealing/parts.ts";
import { openMetadata } from "../../shared/src/sealing/sealed-metadata.ts";

/** Stored bytes that can be read from anywhere. */
export interface StoredBytes {
  /** All of them, in bytes. */
  readonly size: number;
  /** The pieces of a span, in order. */
  read(start: number, length: number): AsyncIterable<Uint8Array>;
}

/** An object as it lies on the backend. */
export interface SealedObject {
  /** The name that the bucket had when it was sealed (`bind_as` of its policy, where that is another). */
  readonly bucket: string;
  readonly key: string;
  /** What the backend answers to HEAD: names in lower case, `etag` and `x-amz-meta-…` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stored: StoredBytes;
  /** The stored object `KEY.….mpu-manifest`, where there is one. */
  readonly companion?: Uint8Array;
}

/** A data key as it is wrapped, and what its wrapping is bound to. */
export interface WrappedDataKey
  extends Pick<ObjectHeader, "provider" | "keyId" | "keyVersion" | "wrappedKey"> {
  /** Associated data of the wrapping, where the provider takes any (docs/format.md §5). */
  readonly binding: Uint8Array;
}

/** Unwraps under a key-encryption key. Gives the payload as the provider does, marker and binding included; they are checked behind it. */
export type Unwrap = (wrapped: WrappedDataKey) => Uint8Array | Promise<Uint8Array>;

/** What came out. */
export interface OpenedObject {
  /** Bytes of plaintext. */
  readonly size: number;
  /** The headers, with what was sealed of them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The plaintext. Whatever was taken counts only once `pump` has resolved: it rejects where a byte does not verify. */
  readonly body: Body;
}

/** Opens an object. `crypto.integrity` where anything is not as it was sealed, before the first byte or in `body`. */
export async function openObject(object: SealedObject, unwrap: Unwrap): Promise<OpenedObject> {
  const value = object.headers[HEADER_FIELD];
  if (value === undefined) throw new Fault("input.invalid", "the object has no sealed header");
  const header = decodeHeader(value);
  const keys = openHeader(header, await dataKeyOf(object, header, unwrap));
  const metadata = openMetadata(object.headers, { header, keys });
  const headers = metadata ? shownMetadata(object.headers, metadata) : object.headers;
  const { suite, plaintextSize } = header;
  if (isMultipart(header.flags)) return { headers, ...(await openAllParts(object, header, keys)) };
  if (plaintextSize === undefined || storedSizeOf(plaintextSize) !== object.stored.size) {
    throw new Fault("crypto.integrity", "stored object does not have the size its header says");
  }
  const body = openBody(wholeOf(object.stored), { keys, suite, size: plaintextSize });
  return { size: plaintextSize, headers, body };
}

/** Unwraps with AES keys of 32 bytes, by their versions: key managers of type `aes`. */
export function unwrapByAes(keks: ReadonlyMap<number, Uint8Array>): Unwrap {
  return ({ keyVersion, wrappedKey, binding }) => {
    const kek = keks.get(keyVersion);
    if (!kek) throw new Fault("keys.unknown-key", `key version ${keyVersion} is not there`);
    return unwrapUnderKek(createSecretKey(kek), wrappedKey, binding);
  };
}

/** The stored bytes in a file. */
export async function storedFile(path: string): Promise<StoredBytes> {
  await using file = await open(path);
  const { size } = await file.stat();
  return {
    size,
    async *read(start, length) {
      if (length === 0) return;
      await using again = await open(path);
      yield* again.createReadStream({ start, end: start + length - 1, autoClose: false });
    },
  };
}

async function dataKeyOf(
  { bucket, key }: SealedObject,
  header: ObjectHeader,
  unwrap: Unwrap,
): Promise<Buffer> {
  const binding = bindingOf({ ...header, place: { bucket, key } });
  return unpackPayload(await unwrap({ ...header, binding }), binding);
}

async function openAllParts(
  object: SealedObject,
  header: ObjectHeader,
  keys: ObjectKeys,
): Promise<Pick<OpenedObject, "size" | "body">> {
  const { suite } = header;
  const manifest = await manifestOf(object, header, keys);
  const size = totalSizeOf(manifest.parts);
  const span = partsSpanOf(manifest, { offset: 0, length: size });
  const surplus = object.stored.size - span.storedOffset - span.storedLength;
  const around = { span, lead: span.storedOffset, surplus };
  return { size, body: openParts(wholeOf(object.stored), { keys, suite }, around) };
}

async function manifestOf(
  { headers, stored, companion }: SealedObject,
  { suite, flags }: ObjectHeader,
  keys: ObjectKeys,
): Promise<Manifest> {
  const partCount = partCountOfEtag(headers.etag ?? "");
  if (partCount === undefined) {
    throw new Fault("input.invalid", "the etag of an object uploaded in parts is needed");
  }
  const place = { storedSize: stored.size, partCount };
  if (companion) return openCompanion(Buffer.from(companion), { keys, suite }, place);
  if ((flags & FLAG.companionManifest) !== 0) {
    throw new Fault("input.invalid", "the companion manifest of the object is needed");
  }
  const length = Math.min(stored.size, maxRegionBytesOf(partCount));
  const tail: Uint8Array[] = [];
  for await (const piece of stored.read(stored.size - length, length)) tail.push(piece);
  return openRegion(Buffer.concat(tail), { keys, suite }, place);
}

function wholeOf(stored: StoredBytes): Body {
  return bodyOfPieces(stored.read(0, stored.size));
}
