/** PutObject. The body passes edge → crypto → backend once and is never held whole. */
import { sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { objectConditions } from "../s3/conditions.ts";
import { s3Error } from "../s3/errors.ts";
import { answerHeaders, storedHeaders } from "../s3/headers.ts";
import { placeOf, type S3Request, targetOf } from "../s3-request.ts";
import type { Operation } from "./operation.ts";

export const putObject: Operation = {
  name: "PutObject",
  method: "PUT",
  level: "object",
  async run(request, { crypto }) {
    refuseVersion(request);
    const headers = { ...storedHeaders(request.headers), ...objectConditions(request.headers) };
    const { body, sizeBytes, facts } = request.plainBody();
    const head = {
      target: targetOf(request),
      place: placeOf(request),
      suite: request.policy.suite,
      size: sizeBytes,
      headers,
    };
    const sending = { head, body, tail: facts };
    const options = { requestId: request.id, signal: request.signal };
    const stored = await crypto.upload(sealObject, sending, options);
    const { checksum } = facts();
    return {
      status: 200,
      headers: {
        ...answerHeaders({ ...stored.headers, etag: stored.etag }),
        ...(checksum ? { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value } : {}),
      },
    };
  },
};

/** A version is the backend's to number (S3 API, PutObject). */
function refuseVersion({ query }: S3Request): void {
  if (query.get("versionId") === undefined) return;
  throw s3Error("InvalidArgument", {
    message: "This operation does not accept a version-id.",
    fields: { ArgumentName: "versionId" },
  });
}
