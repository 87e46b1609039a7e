/**
 * CopyObject: the header is re-issued for the new place and the backend copies the bytes. No data moves (format.md §9), unless the
 * source is a plain object that its bucket may contain: it is sealed on its way.
 */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault, shownHeadersOf } from "@s3eg/shared/backend/backend-fault.ts";
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { encodeKey } from "@s3eg/shared/s3/names.ts";
import { checkHonoured } from "../backend-probe.ts";
import { parseBackendXml } from "../backend-xml.ts";
import { copiedTags, ensureTags } from "../copied-tags.ts";
import { checkCopy, checkPlainSource } from "../copy-rules.ts";
import { type CopySource, copySourceOf } from "../copy-source.ts";
import { retryIfChanged } from "../object-facts.ts";
import { namedAlgorithm } from "../s3/checksum-headers.ts";
import { copyResult } from "../s3/copy-result.ts";
import { s3Error } from "../s3/errors.ts";
import { headerEtag } from "../s3/etags.ts";
import { answerHeaders, copiedHeaders, storedHeaders, uncopiedHeaders } from "../s3/headers.ts";
import { identityOf, placeOf, type S3Request } from "../s3-request.ts";
import { sealedCopy } from "../sealed-copy.ts";
import { conditionsOf, shownEtag, sourceConditionsOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

/** Where a header's flags are (format.md §4). */
const FLAGS_OFFSET = 2;
const SOURCE_OWNER = "x-amz-source-expected-bucket-owner";
const SOURCE_KEY = "x-amz-copy-source-server-side-encryption-customer-";
const TAGGING = "x-amz-tagging-directive";

export const copyObject: Operation = {
  name: "CopyObject",
  method: "PUT",
  level: "object",
  isCopy: true,
  async run(request, rooms) {
    const source = copySourceOf(request);
    checkCopy(request, source);
    checkHonoured(request, rooms.honoured, "PUT");
    return await retryIfChanged(async () => {
      const found = await headSource(request, source, rooms);
      const etag = pinned(found);
      const tags = await copiedTags(request, { source, found: found.headers, rooms });
      const storing: HeaderFields = {
        ...copyHeaders(request, found.headers),
        ...tags,
        ...(await conditionsOf(request, rooms)),
      };
      try {
        const header = found.headers[HEADER_FIELD];
        if (header !== undefined) {
          const moved = { request, source, rooms, etag, storing };
          return await moveSealed(moved, header);
        }
        if (request.policyOf(source.bucket).contents !== "mixed") throw notSealed();
        checkPlainSource(request);
        const reading = { ...askingOfSource(request.headers), "if-match": etag };
        const sourceVersion = found.headers["x-amz-version-id"];
        const { [TAGGING]: _, ...fields } = storing;
        const copy = { source, reading, storing: fields, sourceVersion };
        return await sealedCopy(request, rooms, copy);
      } catch (error) {
        throw changedSince(error, request.headers);
      }
    });
  },
};

interface Moving {
  readonly request: S3Request;
  readonly source: CopySource;
  readonly rooms: Rooms;
  /** The backend's ETag of the source. */
  readonly etag: string;
  readonly storing: HeaderFields;
}

async function moveSealed(moving: Moving, header: string): Promise<S3Answer> {
  const { request, source, rooms, etag, storing } = moving;
  checkSingle(header);
  const facts = await factsOfSource(moving);
  const place = { header, from: source.place, to: placeOf(request) };
  const reissued = await rooms.headers.reissue(place, request.id);
  const response = await rooms.backend.send({
    method: "PUT",
    bucket: request.bucket,
    key: request.key,
    ...identityOf(request),
    headers: {
      ...passedHeadersOfCopy(request.headers),
      ...storing,
      [HEADER_FIELD]: reissued,
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-copy-source": sourceHeader(request.headers, source),
      // The header was made for exactly these bytes; an overwrite in between must not get it.
      "x-amz-copy-source-if-match": etag,
    },
    requestId: request.id,
    signal: request.signal,
  });
  const answer = await copied(response, { request, rooms, facts });
  const { "x-amz-tagging": tagging } = storing;
  const versionId = response.headers["x-amz-version-id"];
  if (tagging !== undefined) await ensureTags(request, rooms, { tagging, versionId });
  return answer;
}

/** A copy in one piece has an ETag without a part count, and without that the manifest is not found: nothing must be made of it. */
function checkSingle(header: string): void {
  const flags = Buffer.from(header, "base64url")[FLAGS_OFFSET] ?? 0;
  if ((flags & FLAG.multipart) === 0) return;
  throw s3Error("NotImplemented", {
    message: "An object that was uploaded in parts can't be copied whole; copy it part by part.",
  });
}

/** A condition failed that the client did not set: it was the pin on the source. */
function changedSince(error: unknown, headers: HeaderFields): unknown {
  const isClients = Object.keys(headers).some((name) => /^(?:x-amz-copy-source-)?if-/.test(name));
  const isPin = isFault(error, "backend.refused") && error.details.status === 412 && !isClients;
  return isPin
    ? new Fault("backend.changed", "copy source changed while it was copied", { cause: error })
    : error;
}

/** Reads the source's header and metadata; the client's conditions on the source are judged here, and pinned by ETag after. */
async function headSource(
  request: S3Request,
  source: CopySource,
  rooms: Rooms,
): Promise<BackendResponse> {
  const response = await rooms.backend.send({
    method: "HEAD",
    bucket: source.bucket,
    key: source.key,
    ...identityOf(request),
    query: source.versionId === undefined ? [] : [["versionId", source.versionId]],
    headers: {
      ...askingOfSource(request.headers),
      ...(await sourceConditionsOf(request, source, rooms)),
    },
    requestId: request.id,
    signal: request.signal,
  });
  if (response.status === 304) throw s3Error("PreconditionFailed");
  if (response.status !== 200) throw await sourceFault(response, source, { request, rooms });
  await response.text();
  return response;
}

/** What a read of the source must say, under the names that a read has for it. */
function askingOfSource(headers: HeaderFields): HeaderFields {
  const owner = headers[SOURCE_OWNER];
  const payer = headers["x-amz-request-payer"];
  const customerKey = Object.entries(headers)
    .filter(([name]) => name.startsWith(SOURCE_KEY))
    .map(([name, value]) => [name.replace("x-amz-copy-source-", "x-amz-"), value] as const);
  return {
    ...(owner === undefined ? {} : { "x-amz-expected-bucket-owner": owner }),
    ...(payer === undefined ? {} : { "x-amz-request-payer": payer }),
    ...Object.fromEntries(customerKey),
  };
}

/** What is known of the source goes for the copy: the bytes are the same. */
async function factsOfSource({
  request,
  source: { bucket, key, versionId },
  rooms,
  etag,
}: Moving): Promise<ObjectFacts | undefined> {
  const version = versionId === undefined ? {} : { versionId };
  const facts = await rooms.known.of(request, { bucket, key, ...version, etag });
  const asked = namedAlgorithm(request.headers, "x-amz-checksum-algorithm");
  if (asked !== undefined && asked !== facts?.checksum?.algorithm) {
    throw s3Error("NotImplemented", {
      message:
        "A copy keeps the checksum of its source: another one would need the object to be read and sealed anew.",
    });
  }
  return facts;
}

function pinned({ headers }: BackendResponse): string {
  if (headers.etag) return headers.etag;
  throw new Fault("backend.unavailable", "backend gave no ETag of the copy source");
}

/** A HEAD has no error body: which thing is missing, bucket or object, is found out. */
async function sourceFault(
  response: BackendResponse,
  { bucket, key }: CopySource,
  { request, rooms }: { request: S3Request; rooms: Rooms },
): Promise<Fault> {
  const fault = await backendFault(response);
  if (response.status !== 404) return fault;
  const { id: requestId, signal } = request;
  const asking = { method: "HEAD", bucket, ...identityOf(request), requestId, signal } as const;
  const whole = await rooms.backend.send(asking);
  await whole.text();
  const missing =
    whole.status === 404
      ? {
          s3Code: "NoSuchBucket",
          s3Message: "The specified bucket does not exist.",
          BucketName: bucket,
        }
      : { s3Code: "NoSuchKey", s3Message: "The specified key does not exist.", Key: key };
  return new Fault("backend.refused", "copy source does not exist", {
    details: { ...shownHeadersOf(fault), status: 404, ...missing },
    cause: fault,
  });
}

function copyHeaders({ headers }: S3Request, source: HeaderFields): HeaderFields {
  const stored = storedHeaders(headers);
  const isReplaced = headers["x-amz-metadata-directive"] === "REPLACE";
  const { "x-amz-tagging": tagging, ...metadata } = isReplaced
    ? stored
    : { ...uncopiedHeaders(stored), ...copiedHeaders(source) };
  const isTagged = tagging !== undefined && headers[TAGGING] === "REPLACE";
  return isTagged ? { ...metadata, "x-amz-tagging": tagging } : metadata;
}

/** Fields of a copy that speak of its source, for a backend that copies. */
function passedHeadersOfCopy(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name === SOURCE_OWNER || name === TAGGING || name.startsWith(SOURCE_KEY),
    ),
  );
}

/** In the client's form, which the bucket policies of the backend may compare, but properly encoded. */
function sourceHeader(
  { "x-amz-copy-source": asked = "" }: HeaderFields,
  { bucket, key, versionId }: CopySource,
): string {
  const version = versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`;
  const slash = /^(?:\/|%2F)/i.test(asked) ? "/" : "";
  return `${slash}${encodeKey(`${bucket}/${key}`)}${version}`;
}

interface Copying {
  readonly request: S3Request;
  readonly rooms: Rooms;
  readonly facts: ObjectFacts | undefined;
}

/** A copy may fail after the backend has answered 200: then the body is an error (S3 API, CopyObject). */
async function copied(
  response: BackendResponse,
  { request, rooms, facts }: Copying,
): Promise<S3Answer> {
  if (response.status !== 200) throw await backendFault(response);
  const result = parseBackendXml(await response.text());
  if (result.name !== "CopyObjectResult") {
    throw new Fault("backend.refused", "backend failed to copy", {
      details: {
        status: 500,
        s3Code: result.textOf("Code") ?? "InternalError",
        s3Message: result.textOf("Message") ?? "copy failed",
      },
    });
  }
  const { bucket, key, policy } = request;
  const etag = headerEtag(result.textOf("ETag") ?? "");
  if (facts) rooms.known.learn({ bucket, key, etag }, facts);
  const shown = shownEtag(policy, etag, facts);
  const body = copyResult({
    lastModified: result.textOf("LastModified") ?? "",
    etag: shown,
    checksum: facts?.checksum,
  });
  const headers = answerHeaders(response.headers);
  // Some servers say it in a header too: it is the same one everywhere.
  const tag = headers.etag === undefined ? {} : { etag: headerEtag(shown) };
  return { status: 200, headers: { ...headers, ...tag }, body };
}

function notSealed(): Fault {
  return new Fault(
    "crypto.not-sealed",
    "copy source is not sealed; policy `contents: mixed` of its bucket would let it be read",
  );
}
