/** A store in a folder of its own, for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import type { Bucket, Guard } from "../../src/store/bucket.ts";
import type { ObjectVersion } from "../../src/store/records.ts";
import { Store } from "../../src/store/store.ts";

/** A folder that is removed on dispose. */
export async function scratchFolder(): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "dev-store-"));
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A store with one bucket, `photos`. */
export async function scratchStore() {
  const { folder, [Symbol.asyncDispose]: dispose } = await scratchFolder();
  const store = await Store.open(folder);
  await store.createBucket("photos");
  return { folder, store, bucket: store.bucket("photos"), [Symbol.asyncDispose]: dispose };
}

/** Stores text under a key. */
export async function putText(
  bucket: Bucket,
  key: string,
  { text, guard }: { text: string; guard?: Guard },
): Promise<ObjectVersion> {
  const { id, size, md5 } = await bucket.files.receive(bodyOfBytes(Buffer.from(text)));
  const pieces = [{ id, size }];
  const facts = { headers: {}, tags: [], storageClass: "STANDARD", isMultipart: false };
  return await bucket.put(key, { etag: md5, size, pieces, ...facts }, guard);
}

/** The text under a key, `undefined` where there is none. */
export async function textOf(bucket: Bucket, key: string, versionId?: string) {
  const version = bucket.find(key, versionId);
  if (version?.kind !== "object") return undefined;
  const bytes = await collectBody(bucket.files.read(version.pieces), 1 << 20, () => new Error());
  return bytes.toString();
}
