/** A copy of which no byte is moved here: the header is re-issued for the new place, and the backend copies (format.md §9). */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { namedKeyOf } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import type { XmlElement } from "@s3eg/shared/s3/xml.ts";
import { wishOf } from "../auth/policy.ts";
import { parseBackendXml } from "../backend-xml.ts";
import { sealedUnder } from "../object-metadata.ts";
import type { Rooms, S3Answer } from "../operations/operation.ts";
import { copyResult } from "../s3/copy-result.ts";
import { headerEtag } from "../s3/etags.ts";
import { answerHeaders } from "../s3/headers.ts";
import { identityOf, placeOf, type S3Request } from "../s3-request.ts";
import { shownEtag } from "../shown-etag.ts";
import { type FoundSource, namingSource } from "./copied-source.ts";
import { ensureTags } from "./copied-tags.ts";
import type { CopySource } from "./copy-source.ts";

/** What is copied, and how. */
export interface Copying {
  readonly request: S3Request;
  readonly rooms: Rooms;
  readonly source: CopySource;
  readonly found: FoundSource;
  /** Header fields to store with the copy, the conditions on its place aside. Metadata are in the clear. */
  readonly storing: HeaderFields;
  /** Whether the copy's metadata are sealed. */
  readonly hidesMetadata: boolean;
  /** The client's conditions on the copy's place, mapped for the backend. */
  readonly conditions: HeaderFields;
  /** What is known of the source goes for the copy, too: the bytes are the same. */
  readonly facts: ObjectFacts | undefined;
}

/** What the backend made. */
export interface MadeCopy {
  readonly etag: string;
  readonly lastModified: string;
  /** The copy's own header. */
  readonly header: string;
  readonly headers: HeaderFields;
}

const TAGGING = "x-amz-tagging";

/** Copies an object that was stored in one piece. */
export async function copyReissued(copying: Copying): Promise<S3Answer> {
  const { request, rooms, source, found, storing, conditions } = copying;
  const isTagged = storing[TAGGING] !== undefined;
  const directive = request.headers["x-amz-tagging-directive"];
  const fields = await reissuedFields(copying);
  const response = await rooms.backend.send({
    method: "PUT",
    bucket: request.bucket,
    key: request.key,
    ...identityOf(request),
    headers: {
      ...namingSource(request.headers, source, found.etag),
      ...(directive === undefined ? {} : { "x-amz-tagging-directive": directive }),
      ...(isTagged ? { "x-amz-tagging-directive": "REPLACE" } : {}),
      ...fields,
      ...conditions,
      "x-amz-metadata-directive": "REPLACE",
    },
    requestId: request.id,
    signal: request.signal,
  });
  const result = await copyOutcome(response, "CopyObjectResult");
  return await copyAnswer(copying, {
    etag: headerEtag(result.textOf("ETag") ?? ""),
    lastModified: result.textOf("LastModified") ?? "",
    header: fields[HEADER_FIELD] ?? "",
    headers: response.headers,
  });
}

/** What is stored with the copy: the source's header, wrapped for the copy's place, and all that `storing` says, sealed under it where that is wished. */
export async function reissuedFields(copying: Copying): Promise<HeaderFields> {
  const { request, rooms, source, found, storing, hidesMetadata: sealsMetadata } = copying;
  const [former = "", place] = [found.headers[HEADER_FIELD], placeOf(request)];
  const to = { to: place, ...wishOf(request.policy) };
  const moving = { header: former, from: source.place, ...to, sealsMetadata };
  const header = await rooms.headers.reissue(moving, request.id);
  const fields = sealsMetadata
    ? await sealedUnder(request, rooms, { header, place, storing })
    : storing;
  return { ...fields, [HEADER_FIELD]: header };
}

/** The document of an answer. It may fail after the backend has answered 200: then the body is an error (S3 API, CopyObject). */
export async function copyOutcome(response: BackendResponse, name: string): Promise<XmlElement> {
  if (response.status !== 200) throw await backendFault(response);
  const result = parseBackendXml(await response.text());
  if (result.name === name) return result;
  throw new Fault("backend.refused", "backend failed to copy", {
    details: {
      status: 500,
      s3Code: result.textOf("Code") ?? "InternalError",
      s3Message: result.textOf("Message") ?? "copy failed",
    },
  });
}

/** What the client is told of a copy; tags that the backend has left out are set first. */
export async function copyAnswer(
  { request, rooms, storing, facts }: Copying,
  { etag, lastModified, header, headers }: MadeCopy,
): Promise<S3Answer> {
  const { bucket, key, policy } = request;
  if (facts) rooms.known.learn({ bucket, key, etag }, facts);
  const tagging = storing[TAGGING];
  const versionId = headers["x-amz-version-id"];
  if (tagging !== undefined) await ensureTags(request, rooms, { tagging, versionId });
  const shown = shownEtag(policy, etag, facts);
  const body = copyResult({ lastModified, etag: shown, checksum: facts?.checksum });
  // Some servers say it in a header too: it is the same one everywhere.
  const tag = headers.etag === undefined ? {} : { etag: headerEtag(shown) };
  const wrappedUnder = namedKeyOf(header);
  return { status: 200, wrappedUnder, headers: { ...answerHeaders(headers), ...tag }, body };
}
