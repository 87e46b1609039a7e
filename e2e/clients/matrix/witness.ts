/** A second look at a bucket: what lies there according to the AWS SDK, whoever put it. */
import { createHash } from "node:crypto";
import { type _Object, GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { sdkClientOf } from "../aws-sdk-js.ts";
import type { Site } from "./operations.ts";

/**
 * All keys below a prefix are named without it, in the order of their bytes. Folders that a client keeps as empty objects, with a slash at
 * the end, are left out.
 */
export interface Witness extends Disposable {
  /** Key → SHA-256 of the body in hex. */
  digests(prefix: string): Promise<Map<string, string>>;
  /** Key → ETag: it changes when an object is written again. */
  etags(prefix: string): Promise<Map<string, string>>;
}

/** Opens one. */
export function openWitness(site: Pick<Site, "server" | "caFile" | "bucket">): Witness {
  const s3 = sdkClientOf(site);
  const list = async (prefix: string): Promise<_Object[]> => {
    const found: _Object[] = [];
    const asked = { Bucket: site.bucket, Prefix: prefix };
    for await (const page of paginateListObjectsV2({ client: s3 }, asked)) {
      found.push(...(page.Contents ?? []).filter(({ Key }) => !Key?.endsWith("/")));
    }
    return found;
  };
  return {
    async digests(prefix) {
      const digests = new Map<string, string>();
      for (const { Key = "" } of await list(prefix)) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: site.bucket, Key }));
        const sha256 = createHash("sha256");
        for await (const piece of Body as AsyncIterable<Buffer>) sha256.update(piece);
        digests.set(Key.slice(prefix.length), sha256.digest("hex"));
      }
      return digests;
    },
    async etags(prefix) {
      const objects = await list(prefix);
      return new Map(objects.map(({ Key = "", ETag = "" }) => [Key.slice(prefix.length), ETag]));
    },
    [Symbol.dispose]: () => s3.destroy(),
  };
}
