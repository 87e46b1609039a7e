/** One upload whose parts all come at the same time. */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
} from "@aws-sdk/client-s3";
import { s3ClientOf } from "../e2e/clients/s3-client.ts";
import type { S3Server } from "../e2e/servers/s3-server.ts";
import { type Payload, runLoad } from "./load.ts";

const OBJECT = { Bucket: "sink", Key: "parts" };

/** Begins an upload, sends `parallel` parts at once, each with the payload, and completes it. Throws when any part has not its size. */
export async function uploadParts(
  server: S3Server,
  { payload, parallel }: { payload: Payload; parallel: number },
): Promise<void> {
  const s3 = s3ClientOf(server);
  using _closing = { [Symbol.dispose]: () => s3.destroy() };
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand(OBJECT));
  const upload = { ...OBJECT, UploadId };
  const path = (worker: number) =>
    `/${OBJECT.Bucket}/${OBJECT.Key}?partNumber=${worker + 1}&uploadId=${encodeURIComponent(UploadId)}`;
  const until = { seconds: 1200, requests: parallel };
  await runLoad(server, { method: "PUT", path, payload, parallel, until });
  const { Parts = [] } = await s3.send(new ListPartsCommand(upload));
  if (Parts.length !== parallel || Parts.some(({ Size }) => Size !== payload.bytes)) {
    throw new Error(`parts are listed with ${Parts.map(({ Size }) => Size).join(", ")} bytes`);
  }
  await s3.send(
    new CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) },
    }),
  );
}
