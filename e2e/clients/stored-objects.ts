/** What every object of a bucket holds, read through a server: for suites that compare what clients see with what the backend has. */
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import type { Bucket } from "./objects.ts";

/** What was found in a bucket. */
export interface Scan {
  readonly objects: number;
  readonly bytes: number;
  /** Keys of objects that hold the text, in any place. */
  readonly holding: readonly string[];
  /** Keys of objects without a sealed header in their metadata. */
  readonly unsealed: readonly string[];
}

/** Reads all objects of a bucket, whole, one after the other, and looks for a text in their bytes. */
export async function scanBucket({ s3, bucket }: Bucket, text: string): Promise<Scan> {
  const [holding, unsealed]: [string[], string[]] = [[], []];
  let objects = 0;
  let bytes = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket })) {
    for (const { Key = "" } of Contents) {
      const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      const content = Buffer.from((await Body?.transformToByteArray()) ?? []);
      objects += 1;
      bytes += content.length;
      if (content.includes(text)) holding.push(Key);
      if (Metadata?.s3eg === undefined) unsealed.push(Key);
    }
  }
  return { objects, bytes, holding, unsealed };
}
