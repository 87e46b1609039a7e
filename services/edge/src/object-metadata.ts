/** Metadata of objects where no bytes are read: opened for HEAD and for copies, sealed anew for a header that was re-issued (format.md §9, §11). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Place } from "@s3eg/shared/contracts/keys.ts";
import { openMetadata, sealMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD, METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { hiddenMetadata, partMetadata, shownMetadata } from "@s3eg/shared/format/metadata.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { legacyHeaders } from "@s3eg/shared/legacy/legacy-headers.ts";
import { refuseStrayMetadata, sealsMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import { hidesMetadata } from "./auth/policy.ts";
import type { Rooms } from "./operations/operation.ts";
import { askingHeaders } from "./s3/headers.ts";
import { placeOf, type S3Request, targetOf } from "./s3-request.ts";

const REPEATED = ["cache-control", "expires"];

/** An object whose head was read. */
export interface HeadedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** What its envelope is bound to. */
  readonly place: Place;
  /** The backend's answer to GET or HEAD. */
  readonly headers: HeaderFields;
}

/** True for an object whose header, unproven, says that its metadata are sealed. */
export function hasSealedMetadata(headers: HeaderFields): boolean {
  const header = headers[HEADER_FIELD];
  return header !== undefined && sealsMetadata(decodeHeader(header));
}

/**
 * The backend's header fields with the metadata that the object's client gave it, whatever they are stored as. Where they are sealed, or
 * the bucket's policy says that new ones are, the header is proven. Throws the faults of crypto.
 */
export async function clientsHeaders(
  request: Pick<S3Request, "id" | "signal" | "policyOf">,
  { crypto }: Pick<Rooms, "crypto">,
  { bucket, key, versionId, place, headers }: HeadedObject,
): Promise<HeaderFields> {
  const header = headers[HEADER_FIELD];
  if (header === undefined) return legacyHeaders(headers);
  if (!hasSealedMetadata(headers)) refuseStrayMetadata(headers);
  if (!hasSealedMetadata(headers) && !hidesMetadata(request.policyOf(bucket))) return headers;
  const target = { bucket, key, ...(versionId === undefined ? {} : { versionId }) };
  const sealed = headers[METADATA_FIELD];
  const head = { target, place, header, ...(sealed === undefined ? {} : { sealed }) };
  const options = { requestId: request.id, signal: request.signal };
  const { result, body } = await crypto.download(openMetadata, head, options);
  await body.pump(() => undefined);
  return result.metadata ? shownMetadata(headers, result.metadata) : headers;
}

/** The same of the object that a request names. */
export async function ownHeaders(
  request: S3Request,
  rooms: Pick<Rooms, "crypto">,
  headers: HeaderFields,
): Promise<HeaderFields> {
  const { bucket, key, query } = request;
  const object = { bucket, key, versionId: query.get("versionId"), place: placeOf(request) };
  return await clientsHeaders(request, rooms, { ...object, headers });
}

/**
 * What an answer 304 repeats of metadata that are sealed (RFC 9110 §15.4.5): the backend could not. `etag`: the backend's, to which the
 * answer belongs; `backend.changed` where the object has another by now.
 */
export async function repeatedHeaders(
  request: S3Request,
  rooms: Pick<Rooms, "backend" | "crypto">,
  etag: string,
): Promise<HeaderFields> {
  if (!hidesMetadata(request.policy)) return {};
  const { versionId, ...target } = targetOf(request);
  const response = await rooms.backend.send({
    method: "HEAD",
    ...target,
    query: versionQuery(versionId),
    headers: { ...askingHeaders(request.headers), "if-match": etag },
    requestId: request.id,
    signal: request.signal,
  });
  await response.text();
  if (response.status !== 200) {
    throw new Fault("backend.changed", "object was overwritten while it was looked at");
  }
  const shown = await ownHeaders(request, rooms, response.headers);
  return Object.fromEntries(Object.entries(shown).filter(([name]) => REPEATED.includes(name)));
}

/** Header fields to store under a header that was re-issued, their metadata sealed under it. `limit.metadata-too-large` where they leave no room. */
export async function sealedUnder(
  request: Pick<S3Request, "id" | "signal">,
  { crypto }: Pick<Rooms, "crypto">,
  { header, place, storing }: { header: string; place: Place; storing: HeaderFields },
): Promise<HeaderFields> {
  const { metadata, others } = partMetadata(storing);
  const head = { header, place, metadata };
  const sending = { head, body: bodyOfBytes(Buffer.alloc(0)), tail: () => ({}) };
  const options = { requestId: request.id, signal: request.signal };
  const { sealed } = await crypto.upload(sealMetadata, sending, options);
  return hiddenMetadata(others, sealed);
}
