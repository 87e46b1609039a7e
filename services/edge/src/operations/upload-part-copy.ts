/** UploadPartCopy: the source's plaintext is opened and sealed anew as a part; the bytes stream through crypto, in the covering chunks only. */
import { openObject } from "@s3eg/shared/contracts/crypto.ts";
import { sealPart } from "@s3eg/shared/contracts/multipart.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { parseRange } from "@s3eg/shared/s3/range.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import type { z } from "zod";
import { plainBody } from "../auth/plain-body.ts";
import { checkObjectSize } from "../auth/policy-guard.ts";
import { askingOfSource, checkSourceSize } from "../copy/copied-source.ts";
import { checkPlainSource } from "../copy/copy-rules.ts";
import { copySourceOf } from "../copy/copy-source.ts";
import type { SourceMode } from "../copy/part-copy-metrics.ts";
import { retryIfChanged } from "../object-facts.ts";
import { checksumElement } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { answerHeaders, askingHeaders } from "../s3/headers.ts";
import { identityOf, type S3Request } from "../s3-request.ts";
import { sourceConditionsOf } from "../shown-etag.ts";
import { shownPartEtag } from "../shown-part-etag.ts";
import { checkPartSize, partNumberOf, uploadAddress } from "../upload-request.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

export const uploadPartCopy: Operation = {
  name: "UploadPartCopy",
  method: "PUT",
  level: "object",
  subresources: ["partNumber", "uploadId"],
  isCopy: true,
  async run(request, rooms) {
    const { partCopies } = rooms;
    if (!partCopies) return await copyPart(request, rooms);
    return await partCopies((opened) => copyPart(request, rooms, opened));
  },
};

/** `onOpened` is told the source, for metrics. */
async function copyPart(
  request: S3Request,
  rooms: Rooms,
  onOpened?: (source: { mode: SourceMode; bytes: number }) => void,
): Promise<S3Answer> {
  const partNumber = partNumberOf(request);
  const options = { requestId: request.id, signal: request.signal };
  const source = await retryIfChanged(() => openSource(request, rooms));
  onOpened?.({ mode: source.mode, bytes: source.sizeBytes });
  const head = {
    ...uploadAddress(request),
    partNumber,
    size: source.sizeBytes,
    headers: { ...askingHeaders(request.headers) },
    ...(source.mustSeal ? { mustSeal: true } : {}),
  };
  // What a client's own part would have told of itself is learned on the way; the checksum of the upload only crypto knows.
  const { etag: tag, checksum: sums } = request.policy;
  const wanted = { md5: tag === "md5", checksum: sums === "always" };
  const sizes = { "content-length": String(source.sizeBytes) };
  const unsigned = { payload: { kind: "unsigned" }, wanted } as const;
  const { body, facts } = plainBody(source.body, sizes, unsigned);
  const sending = { head, body, tail: facts };
  const { etag, checksum, headers } = await rooms.crypto.upload(sealPart, sending, options);
  const result = el(
    "CopyPartResult",
    el("LastModified", new Date().toISOString()),
    el("ETag", shownPartEtag(request.policy, etag, facts().md5)),
    checksumElement(checksum),
  );
  const version = source.versionId;
  const answer = {
    ...answerHeaders(headers),
    ...(version === undefined ? {} : { "x-amz-copy-source-version-id": version }),
    "content-type": "application/xml",
  };
  return { status: 200, headers: answer, body: xmlDocument(result, { hasNamespace: true }) };
}

interface OpenedSource {
  readonly body: Body;
  /** Plaintext bytes to copy. */
  readonly sizeBytes: number;
  /** True: they must not be stored unsealed. */
  readonly mustSeal: boolean;
  /** The version that is read, where the backend has versions. */
  readonly versionId: string | undefined;
  readonly mode: SourceMode;
}

async function openSource(request: S3Request, rooms: Rooms): Promise<OpenedSource> {
  const source = copySourceOf(request);
  const { bucket, key, versionId, place } = source;
  const range = copyRange(request);
  const target = { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
  const conditions = await sourceConditionsOf(request, source, rooms);
  const head = {
    target: { ...target, ...identityOf(request) },
    place,
    contents: request.policyOf(bucket).contents,
    ...(range ? { range } : {}),
    headers: { ...askingOfSource(request.headers), ...conditions },
    query: [],
  };
  const options = { requestId: request.id, signal: request.signal };
  const opening = rooms.crypto.download(openObject, head, options);
  const { result, body } = await opening.catch((error: unknown) => {
    throw asCopyFails(error);
  });
  try {
    if (!result.isSealed) checkPlainSource(request);
    checkSourceSize(result.range.length);
    checkPartSize(result.range.length, rooms.maxPartBytes);
    checkObjectSize(request.policy, result.range.length);
    if (range && range.last >= result.size) throw beyondTheSource();
  } catch (error) {
    body.destroy(error);
    throw error;
  }
  return {
    body,
    sizeBytes: result.range.length,
    mustSeal: request.policyOf(bucket).requiresEncryption === true,
    versionId: result.headers["x-amz-version-id"],
    mode: modeOf(result),
  };
}

function modeOf({ isSealed, isLegacy, headers }: z.infer<typeof openObject.result>): SourceMode {
  if (!isSealed) return "plaintext";
  if (isLegacy === true) return "legacy";
  return partCountOfEtag(headers.etag ?? "") === undefined ? "chunked" : "mpu";
}

/** A read that a condition forbids is not modified; a copy is refused (S3 API, UploadPartCopy). */
function asCopyFails(error: unknown): unknown {
  const isNotModified = isFault(error, "backend.refused") && error.details.status === 304;
  return isNotModified ? s3Error("PreconditionFailed") : error;
}

function beyondTheSource(): Error {
  return s3Error("InvalidRange", { message: "The requested range is not satisfiable" });
}

/** Both ends must be given and lie within the source (S3 API, UploadPartCopy). */
function copyRange({ headers }: S3Request): { first: number; last: number } | undefined {
  const value = headers["x-amz-copy-source-range"];
  if (value === undefined) return undefined;
  const range = parseRange(value);
  if (range && "first" in range && range.last !== undefined) {
    return { first: range.first, last: range.last };
  }
  throw s3Error("InvalidArgument", {
    message:
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    fields: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: value },
  });
}
