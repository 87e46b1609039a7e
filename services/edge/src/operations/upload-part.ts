/** UploadPart: like PutObject, the part passes edge → crypto → backend once and is never held whole. */
import { sealPart } from "@s3eg/shared/contracts/multipart.ts";
import { checkObjectSize } from "../auth/policy-guard.ts";
import { awaitedContinue } from "../awaited-continue.ts";
import { partChecksumHeader } from "../s3/checksum-headers.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { shownPartEtag } from "../shown-part-etag.ts";
import { checkPartSize, partNumberOf, uploadAddress } from "../upload-request.ts";
import type { Operation } from "./operation.ts";

export const uploadPart: Operation = {
  name: "UploadPart",
  method: "PUT",
  level: "object",
  subresources: ["partNumber", "uploadId"],
  async run(request, { crypto, maxPartBytes }) {
    const partNumber = partNumberOf(request);
    const { body, sizeBytes, promised, facts } = request.plainBody();
    checkPartSize(sizeBytes, maxPartBytes);
    checkObjectSize(request.policy, sizeBytes);
    const head = {
      ...uploadAddress(request),
      partNumber,
      size: sizeBytes,
      headers: { ...askingHeaders(request.headers), ...awaitedContinue(request) },
      ...(promised === undefined ? {} : { promised }),
    };
    const sending = { head, body, tail: facts };
    const options = { requestId: request.id, signal: request.signal };
    const { etag, checksum, headers } = await crypto.upload(sealPart, sending, options);
    const { md5, checksum: sent } = facts();
    return {
      status: 200,
      headers: {
        ...answerHeaders(headers),
        ...partChecksumHeader(checksum ?? sent),
        etag: shownPartEtag(request.policy, etag, md5),
      },
    };
  },
};
