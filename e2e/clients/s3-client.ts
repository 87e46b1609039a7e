/** The AWS SDK's client for a server that we started. */
import { S3Client } from "@aws-sdk/client-s3";
import type { S3Server } from "../servers/s3-server.ts";

/**
 * A client with path-style addresses and no retries, so that a test sees every answer. `connections` is how many requests it has
 * under way at most. Call `destroy` on it at the end.
 */
export function s3ClientOf(
  { endpoint, region, accessKey, secretKey }: S3Server,
  connections = 50,
): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { httpAgent: { maxSockets: connections } },
  });
}
