/** minio-js, MinIO's library for JavaScript, in this process. */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import {
  type BucketItem,
  Client,
  type ClientOptions,
  CopyDestinationOptions,
  CopySourceOptions,
} from "minio";
import minioPackage from "minio/package.json" with { type: "json" };
import type { S3Server } from "../servers/s3-server.ts";
import type { MatrixClient } from "./matrix/operations.ts";
import { operationsOf, remarksOf, type Verbs } from "./matrix/verbs.ts";

/** The client of the matrix. */
export const minioJs: MatrixClient = {
  name: "minio-js",
  async open(site) {
    const agent = new Agent(site.caFile === undefined ? {} : { ca: readFileSync(site.caFile) });
    const isTls = site.caFile !== undefined;
    const client = minioClientOf(site.server, isTls ? { transportAgent: agent } : {});
    const verbs = verbsOf(client, site.bucket);
    return {
      version: minioPackage.version,
      operations: operationsOf(site, verbs),
      remarks: remarksOf(verbs),
      [Symbol.asyncDispose]: async () => agent.destroy(),
    };
  },
};

/** A client with path-style addresses. */
export function minioClientOf(server: S3Server, more: Partial<ClientOptions> = {}): Client {
  const { hostname, port, protocol } = new URL(server.endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === "https:",
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    region: server.region,
    pathStyle: true,
    ...more,
  });
}

function verbsOf(client: Client, bucket: string): Verbs {
  return {
    upload: (file, key) => client.fPutObject(bucket, key, file),
    download: (key, file) => client.fGetObject(bucket, key, file),
    async list(prefix) {
      const sizes = new Map<string, number>();
      const items: AsyncIterable<BucketItem> = client.listObjectsV2(bucket, prefix, true);
      for await (const { name = "", size } of items) sizes.set(name, size);
      return sizes;
    },
    copy: (from, to) =>
      client.copyObject(
        new CopySourceOptions({ Bucket: bucket, Object: from }),
        new CopyDestinationOptions({ Bucket: bucket, Object: to }),
      ),
    remove: (key) => client.removeObject(bucket, key),
    presign: (key) => client.presignedGetObject(bucket, key, 600),
    presignUpload: (key) => client.presignedPutObject(bucket, key, 600),
  };
}
