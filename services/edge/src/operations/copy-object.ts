/** CopyObject: the header is re-issued for the new place and the backend copies the bytes. No data moves (format.md §9). */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { encodeKey } from "@s3eg/shared/s3/names.ts";
import { el, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { parseBackendXml } from "../backend-xml.ts";
import { type CopySource, copySourceOf } from "../copy-source.ts";
import { checksumElements, namedAlgorithm } from "../s3/checksum-headers.ts";
import { s3Error } from "../s3/errors.ts";
import { headerEtag } from "../s3/etags.ts";
import { answerHeaders, copiedHeaders, storedHeaders, uncopiedHeaders } from "../s3/headers.ts";
import { identityOf, placeOf, type S3Request } from "../s3-request.ts";
import { conditionsOf, shownEtag, sourceConditionsOf } from "../shown-etag.ts";
import type { Operation, Rooms, S3Answer } from "./operation.ts";

const SOURCE_OWNER = "x-amz-source-expected-bucket-owner";

export const copyObject: Operation = {
  name: "CopyObject",
  method: "PUT",
  level: "object",
  isCopy: true,
  async run(request, rooms) {
    const source = copySourceOf(request);
    checkDirectives(request.headers);
    checkSelfCopy(request, source);
    const found = await headSource(request, source, rooms);
    const facts = await factsOfSource(request, source, { found, rooms });
    const header = found.headers[HEADER_FIELD];
    if (header === undefined) throw notSealed();
    const moving = { header, from: source.place, to: placeOf(request) };
    const reissued = await rooms.headers.reissue(moving, request.id);
    const response = await rooms.backend.send({
      method: "PUT",
      bucket: request.bucket,
      key: request.key,
      ...identityOf(request),
      headers: {
        ...copyHeaders(request, found.headers),
        ...(await conditionsOf(request, rooms)),
        [HEADER_FIELD]: reissued,
        "x-amz-metadata-directive": "REPLACE",
        "x-amz-copy-source": sourceHeader(source),
        // The header was made for exactly these bytes; an overwrite in between must not get it.
        "x-amz-copy-source-if-match": pinned(found),
      },
      requestId: request.id,
      signal: request.signal,
    });
    return await copied(response, { request, rooms, facts });
  },
};

function checkDirectives(headers: HeaderFields): void {
  for (const what of ["metadata", "tagging"]) {
    const name = `x-amz-${what}-directive`;
    if (!["COPY", "REPLACE", undefined].includes(headers[name])) {
      throw s3Error("InvalidArgument", {
        message: `Unknown ${what} directive.`,
        fields: { ArgumentName: name, ArgumentValue: headers[name] ?? "" },
      });
    }
  }
}

/** S3 refuses a copy onto itself that changes nothing (S3 API, CopyObject). */
function checkSelfCopy(request: S3Request, source: CopySource): void {
  const { headers } = request;
  const isSelf =
    source.bucket === request.bucket && source.key === request.key && !source.versionId;
  const changes =
    headers["x-amz-metadata-directive"] === "REPLACE" ||
    headers["x-amz-storage-class"] !== undefined ||
    headers["x-amz-website-redirect-location"] !== undefined ||
    Object.keys(headers).some((name) => name.startsWith("x-amz-server-side-encryption"));
  if (isSelf && !changes) {
    throw s3Error("InvalidRequest", {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
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
  if (response.status !== 200) throw await sourceFault(response, source);
  await response.text();
  return response;
}

function askingOfSource(headers: HeaderFields): HeaderFields {
  const owner = headers[SOURCE_OWNER];
  const payer = headers["x-amz-request-payer"];
  return {
    ...(owner === undefined ? {} : { "x-amz-expected-bucket-owner": owner }),
    ...(payer === undefined ? {} : { "x-amz-request-payer": payer }),
  };
}

/** What is known of the source goes for the copy: the bytes are the same. */
async function factsOfSource(
  request: S3Request,
  { bucket, key, versionId }: CopySource,
  { found, rooms }: { found: BackendResponse; rooms: Rooms },
): Promise<ObjectFacts | undefined> {
  const version = versionId === undefined ? {} : { versionId };
  const facts = await rooms.known.of(request, { bucket, key, ...version, etag: pinned(found) });
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

/** A HEAD has no error body: which thing is missing is told from what was asked for. */
async function sourceFault(response: BackendResponse, { key }: CopySource): Promise<Fault> {
  const fault = await backendFault(response);
  if (response.status !== 404) return fault;
  return new Fault("backend.refused", "copy source does not exist", {
    details: {
      status: 404,
      s3Code: "NoSuchKey",
      s3Message: "The specified key does not exist.",
      Key: key,
    },
    cause: fault,
  });
}

function copyHeaders({ headers }: S3Request, source: HeaderFields): HeaderFields {
  const stored = storedHeaders(headers);
  const isReplaced = headers["x-amz-metadata-directive"] === "REPLACE";
  const metadata = isReplaced ? stored : { ...uncopiedHeaders(stored), ...copiedHeaders(source) };
  const passed = [SOURCE_OWNER, "x-amz-tagging-directive"].flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...metadata, ...Object.fromEntries(passed) };
}

function sourceHeader({ bucket, key, versionId }: CopySource): string {
  const version = versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`;
  return `/${encodeKey(`${bucket}/${key}`)}${version}`;
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
  const etag = result.textOf("ETag") ?? "";
  if (facts) rooms.known.learn({ bucket, key, etag: headerEtag(etag) }, facts);
  const elements = [
    el("LastModified", result.textOf("LastModified") ?? ""),
    el("ETag", shownEtag(policy, etag, facts)),
    ...checksumElements(facts?.checksum),
  ];
  const body = xmlDocument(el("CopyObjectResult", ...elements), { hasNamespace: true });
  return { status: 200, headers: answerHeaders(response.headers), body };
}

function notSealed(): Fault {
  return new Fault("crypto.not-sealed", "copy source is not sealed");
}
