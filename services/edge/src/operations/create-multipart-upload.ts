/** CreateMultipartUpload: crypto makes a data key for the upload and keeps its state. */

import { createUpload } from "@s3eg/shared/contracts/multipart.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { hidesMetadata, sealsUploads, wishOf } from "../auth/policy.ts";
import { answerHeaders, storedHeaders } from "../s3/headers.ts";
import { DEFAULT_CHECKSUM, uploadChecksum } from "../s3/upload-checksum.ts";
import { placeOf } from "../s3-request.ts";
import { uploadTarget } from "../upload-request.ts";
import type { Operation } from "./operation.ts";

export const createMultipartUpload: Operation = {
  name: "CreateMultipartUpload",
  method: "POST",
  level: "object",
  subresources: ["uploads"],
  async run(request, { crypto }) {
    const checksum = uploadChecksum(request.headers);
    // Unsaid in the answer, as S3 leaves its own default unsaid; the completed object shows it.
    const kept = checksum ?? (request.policy.checksum === "always" ? DEFAULT_CHECKSUM : undefined);
    const head = {
      target: uploadTarget(request),
      place: placeOf(request),
      suite: request.policy.suite,
      headers: { ...storedHeaders(request.headers) },
      ...(kept ? { checksum: kept } : {}),
      ...(sealsUploads(request.policy) ? {} : { isSealed: false }),
      ...(hidesMetadata(request.policy) ? { sealsMetadata: true } : {}),
      ...wishOf(request.policy),
    };
    const sending = { head, body: bodyOfBytes(Buffer.alloc(0)), tail: () => ({}) };
    const options = { requestId: request.id, signal: request.signal };
    const begun = await crypto.upload(createUpload, sending, options);
    const body = xmlDocument(
      el(
        "InitiateMultipartUploadResult",
        el("Bucket", request.bucket),
        el("Key", request.key),
        el("UploadId", begun.uploadId),
      ),
      { hasNamespace: true },
    );
    const shown = checksum
      ? {
          "x-amz-checksum-algorithm": checksum.algorithm.toUpperCase(),
          "x-amz-checksum-type": checksum.type,
        }
      : {};
    const headers = {
      ...answerHeaders(begun.headers),
      ...shown,
      "content-type": "application/xml",
    };
    return { status: 200, wrappedUnder: begun.wrappedUnder, headers, body };
  },
};
