/** The tamper door: tests look at and change what lies in the store, as whoever holds the disk could. */
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import { S3Error } from "./s3/errors.ts";
import type { ObjectVersion } from "./store/records.ts";
import type { Store } from "./store/store.ts";

/** The newest version of an object as it lies in the store. `metadata`: all headers kept with it, lower-case names. */
export interface StoredObject {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly etag: string;
}

/** What to change: other bytes (the ETag stays what it was), and headers to set or, where undefined, to take away. */
export interface Tampering {
  readonly bytes?: Uint8Array;
  readonly metadata?: Readonly<Record<string, string | undefined>>;
}

/** Reads an object whole. Throws NoSuchBucket and NoSuchKey. */
export async function readStored(
  store: Store,
  bucketName: string,
  key: string,
): Promise<StoredObject> {
  const bucket = store.bucket(bucketName);
  const { pieces, headers, etag, size } = objectOrThrow(bucket.find(key), key);
  const bytes = await collectBody(bucket.files.read(pieces), size, () => new Error("too large"));
  return { bytes, metadata: headers, etag };
}

/** Changes an object in place. Throws NoSuchBucket and NoSuchKey. */
export async function overwriteStored(
  store: Store,
  { bucket: bucketName, key }: { bucket: string; key: string },
  { bytes, metadata = {} }: Tampering,
): Promise<void> {
  const bucket = store.bucket(bucketName);
  objectOrThrow(bucket.find(key), key);
  const received = bytes && (await bucket.files.receive(bodyOfBytes(bytes)));
  await bucket.edit(key, undefined, (version) => {
    const object = objectOrThrow(version, key);
    const headers = Object.entries({ ...object.headers, ...metadata }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const { id, size } = received ?? {};
    return {
      ...object,
      headers: Object.fromEntries(headers),
      ...(id === undefined || size === undefined ? {} : { size, pieces: [{ id, size }] }),
    };
  });
}

function objectOrThrow(version: { kind: string } | undefined, key: string): ObjectVersion {
  if (version?.kind === "object") return version as ObjectVersion;
  throw new S3Error("NoSuchKey", { fields: { Key: key } });
}
