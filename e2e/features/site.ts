/** A bucket of its own on a server, for one feature. */
import { randomBytes } from "node:crypto";
import { S3 } from "@aws-sdk/client-s3";
import type { S3Server } from "../servers/s3-server.ts";
import type { Site } from "./feature.ts";

/** Makes the bucket `feature-…`, and a client that computes no checksum of its own accord. */
export async function makeSite(server: S3Server): Promise<Site & Disposable> {
  const { accessKey, secretKey, endpoint, region } = server;
  const s3 = new S3({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const bucket = `feature-${randomBytes(6).toString("hex")}`;
  await s3.createBucket({ Bucket: bucket });
  return { signer: server, s3, bucket, [Symbol.dispose]: () => s3.destroy() };
}
