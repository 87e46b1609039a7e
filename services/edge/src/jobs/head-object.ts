/** The head of an object or of one of its versions, with the checksum that the backend knows of it. */
import type { Backend, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { S3Request } from "../s3-request.ts";

/** Asks the backend; whatever it answers is the caller's to judge. */
export async function headObject(
  { bucket, key, id: requestId, signal }: S3Request,
  backend: Pick<Backend, "send">,
  versionId: string | undefined,
): Promise<BackendResponse> {
  const headers = { "x-amz-checksum-mode": "ENABLED" };
  const query = versionQuery(versionId);
  return await backend.send({ method: "HEAD", bucket, key, query, headers, requestId, signal });
}
