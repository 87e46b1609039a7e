/** The AWS SDK for JavaScript v3 with its own upload manager and presigner, in this process. */
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { Agent } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import sdkPackage from "@aws-sdk/client-s3/package.json" with { type: "json" };
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { MatrixClient, Site } from "./matrix/operations.ts";
import { operationsOf, remarksOf, type Verbs } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const awsSdkJs: MatrixClient = {
  name: "aws-sdk-js",
  async open(site) {
    const s3 = sdkClientOf(site);
    // By default it signs the checksum of an empty body into the URL of an upload.
    const forUrls = sdkClientOf(site, { requestChecksumCalculation: "WHEN_REQUIRED" });
    const verbs = verbsOf(s3, { forUrls, bucket: site.bucket });
    return {
      version: sdkPackage.version,
      operations: operationsOf(site, verbs),
      remarks: remarksOf(verbs),
      [Symbol.asyncDispose]: async () => {
        s3.destroy();
        forUrls.destroy();
      },
    };
  },
};

/** A client that trusts the site's authority and tries nothing twice. `destroy` it at the end. */
export function sdkClientOf(
  { server, caFile }: Pick<Site, "server" | "caFile">,
  more: S3ClientConfig = {},
): S3Client {
  const { endpoint, region, accessKey, secretKey } = server;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    maxAttempts: 1,
    ...more,
    ...(caFile === undefined
      ? {}
      : {
          requestHandler: {
            httpsAgent: new Agent({ ca: readFileSync(caFile, "utf8"), keepAlive: true }),
          },
        }),
  });
}

function verbsOf(s3: S3Client, { forUrls, bucket }: { forUrls: S3Client; bucket: string }): Verbs {
  const at = (Key: string) => ({ Bucket: bucket, Key });
  return {
    upload: (file, key) =>
      new Upload({ client: s3, params: { ...at(key), Body: createReadStream(file) } }).done(),
    async download(key, file) {
      const { Body } = await s3.send(new GetObjectCommand(at(key)));
      await pipeline(Body as Readable, createWriteStream(file));
    },
    async list(prefix) {
      const sizes = new Map<string, number>();
      const asked = { Bucket: bucket, Prefix: prefix };
      for await (const page of paginateListObjectsV2({ client: s3, pageSize: 3 }, asked)) {
        for (const { Key = "", Size = -1 } of page.Contents ?? []) sizes.set(Key, Size);
      }
      return sizes;
    },
    copy: (from, to) =>
      s3.send(new CopyObjectCommand({ ...at(to), CopySource: copySourceOf(bucket, from) })),
    remove: (key) =>
      s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: key }] } })),
    presign: (key) => getSignedUrl(forUrls, new GetObjectCommand(at(key)), { expiresIn: 600 }),
    presignUpload: (key) =>
      getSignedUrl(forUrls, new PutObjectCommand(at(key)), { expiresIn: 600 }),
  };
}

function copySourceOf(bucket: string, key: string): string {
  return `${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
}
