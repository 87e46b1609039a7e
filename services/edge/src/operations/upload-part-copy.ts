/** UploadPartCopy: the source's plaintext is opened and sealed anew as a part; the bytes stream through crypto, in the covering chunks only. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { sealPart } from "@s3eg/shared/contracts/multipart.ts";
import { parseRange } from "@s3eg/shared/s3/range.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { plainBody } from "../auth/plain-body.ts";
import { checkPlainSource } from "../copy-rules.ts";
import { copySourceOf } from "../copy-source.ts";
import { s3Error } from "../s3/errors.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { identityOf, type S3Request } from "../s3-request.ts";
import { sourceConditionsOf } from "../shown-etag.ts";
import { shownPartEtag } from "../shown-part-etag.ts";
import { checkPartSize, partNumberOf, uploadAddress } from "../upload-request.ts";
import type { Operation, Rooms } from "./operation.ts";

export const uploadPartCopy: Operation = {
  name: "UploadPartCopy",
  method: "PUT",
  level: "object",
  subresources: ["partNumber", "uploadId"],
  isCopy: true,
  async run(request, rooms) {
    const partNumber = partNumberOf(request);
    const options = { requestId: request.id, signal: request.signal };
    const source = await openSource(request, rooms);
    const head = {
      ...uploadAddress(request),
      partNumber,
      size: source.sizeBytes,
      headers: { ...askingHeaders(request.headers) },
      ...(source.mustSeal ? { mustSeal: true } : {}),
    };
    // What a client's own part would have told of itself is learned on the way.
    const { etag: tag, checksum } = request.policy;
    const { body, facts } = plainBody(
      source.body,
      { "content-length": String(source.sizeBytes) },
      {
        payload: { kind: "unsigned" },
        wanted: { md5: tag === "md5", checksum: checksum === "always" },
      },
    );
    const sending = { head, body, tail: facts };
    const { etag, headers } = await rooms.crypto.upload(sealPart, sending, options);
    const result = el(
      "CopyPartResult",
      el("LastModified", new Date().toISOString()),
      el("ETag", shownPartEtag(request.policy, etag, facts().md5)),
    );
    const answer = { ...answerHeaders(headers), "content-type": "application/xml" };
    return { status: 200, headers: answer, body: xmlDocument(result, { hasNamespace: true }) };
  },
};

async function openSource(request: S3Request, rooms: Rooms) {
  const { bucket, key, versionId, place } = copySourceOf(request);
  const range = copyRange(request);
  const head = {
    target: {
      bucket,
      key,
      ...(versionId === undefined ? {} : { versionId }),
      ...identityOf(request),
    },
    place,
    contents: request.policyOf(bucket).contents,
    ...(range ? { range } : {}),
    headers: { ...(await sourceConditionsOf(request, copySourceOf(request), rooms)) },
    query: [],
  };
  const options = { requestId: request.id, signal: request.signal };
  const { result, body } = await rooms.crypto.download(openObject, head, options);
  try {
    if (!result.isSealed) checkPlainSource(request);
    checkPartSize(result.range.length, rooms.maxPartBytes);
  } catch (error) {
    body.destroy(error);
    throw error;
  }
  const isWithin = !range || ("last" in range && (range.last ?? 0) < result.size);
  if (!isWithin) {
    body.destroy();
    throw s3Error("InvalidRange", { message: "The requested range is not satisfiable" });
  }
  const mustSeal = request.policyOf(bucket).requiresEncryption === true;
  return { body, sizeBytes: result.range.length, mustSeal };
}

/** Both ends must be given and lie within the source (S3 API, UploadPartCopy). */
function copyRange({ headers }: S3Request) {
  const value = headers["x-amz-copy-source-range"];
  if (value === undefined) return undefined;
  const range = parseRange(value);
  if (range && "first" in range && range.last !== undefined) return range;
  throw s3Error("InvalidArgument", {
    message:
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    fields: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: value },
  });
}
