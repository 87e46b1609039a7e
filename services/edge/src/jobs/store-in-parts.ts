/** An object stored anew as an upload in parts: each part is read by its range, pinned to the object as it was looked at, and nothing is there before all are. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { type ChecksumName, openObject } from "@s3eg/shared/contracts/crypto.ts";
import {
  abortUpload,
  type CompletedPart,
  completeUpload,
  createUpload,
  sealPart,
} from "@s3eg/shared/contracts/multipart.ts";
import { type Body, bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { plainBody } from "../auth/plain-body.ts";
import { hidesMetadata, sealsUploads, wishOf } from "../auth/policy.ts";
import type { CopySource } from "../copy/copy-source.ts";
import type { Rooms } from "../operations/operation.ts";
import { uploadChecksum } from "../s3/upload-checksum.ts";
import { placeOf, type S3Request } from "../s3-request.ts";
import { uploadTarget } from "../upload-request.ts";

/** What is stored in parts. */
export interface InParts {
  readonly source: CopySource;
  /** Plaintext bytes of each part, in order. */
  readonly sizes: readonly number[];
  /** Header fields for reading exactly the object that was looked at. */
  readonly reading: HeaderFields;
  readonly storing: HeaderFields;
  /** On the object that is overwritten. */
  readonly conditions: HeaderFields;
  readonly algorithm: ChecksumName | undefined;
}

/** Stores it, one part after the other. What fails leaves no upload behind. Throws the faults of crypto. */
export async function storeInParts(
  request: S3Request,
  rooms: Rooms,
  parts: InParts,
): Promise<{ versionId: string | undefined }> {
  const options = { requestId: request.id, signal: request.signal };
  const target = uploadTarget(request);
  const uploadId = await begin(request, rooms, parts);
  const address = { target, uploadId };
  try {
    const completed: CompletedPart[] = [];
    let offset = 0;
    for (const [at, size] of parts.sizes.entries()) {
      const part = { ...address, partNumber: at + 1, offset, size };
      completed.push({ partNumber: at + 1, etag: await movePart(request, rooms, { parts, part }) });
      offset += size;
    }
    const head = { ...address, headers: parts.conditions };
    const body = bodyOfBytes(Buffer.from(JSON.stringify(completed)));
    const done = await rooms.crypto.upload(completeUpload, sendingOf(head, body), options);
    return { versionId: done.headers["x-amz-version-id"] };
  } catch (error) {
    const head = { ...address, headers: {} };
    // Also when the job is stopped. What can't be given up now is what dead uploads are cleared of.
    const aborting = { requestId: request.id };
    await rooms.crypto.upload(abortUpload, sendingOf(head, NO_BYTES()), aborting).catch(() => ({}));
    throw error;
  }
}

const NO_BYTES = () => bodyOfBytes(Buffer.alloc(0));

function sendingOf<Head>(head: Head, body: Body) {
  return { head, body, tail: () => ({}) };
}

async function begin(
  request: S3Request,
  { crypto }: Rooms,
  { storing, algorithm }: InParts,
): Promise<string> {
  const { policy, id: requestId, signal } = request;
  const standard = policy.checksum === "always" ? "crc64nvme" : undefined;
  const named = algorithm ?? standard;
  const checksum = named && uploadChecksum({ "x-amz-checksum-algorithm": named });
  const head = {
    target: uploadTarget(request),
    place: placeOf(request),
    suite: policy.suite,
    headers: storing,
    ...(checksum ? { checksum } : {}),
    ...(sealsUploads(policy) ? {} : { isSealed: false }),
    ...(hidesMetadata(policy) ? { sealsMetadata: true } : {}),
    ...wishOf(policy),
  };
  const sending = sendingOf(head, NO_BYTES());
  return (await crypto.upload(createUpload, sending, { requestId, signal })).uploadId;
}

interface MovedPart {
  readonly target: ReturnType<typeof uploadTarget>;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly offset: number;
  readonly size: number;
}

async function movePart(
  request: S3Request,
  { crypto }: Rooms,
  { parts, part }: { parts: InParts; part: MovedPart },
): Promise<string> {
  const { source, reading } = parts;
  const { offset, ...sent } = part;
  const { bucket, key, versionId, place } = source;
  const options = { requestId: request.id, signal: request.signal };
  const opening = {
    target: { bucket, key, ...(versionId === undefined ? {} : { versionId }) },
    place,
    contents: request.policyOf(bucket).contents,
    ...(part.size === 0 ? {} : { range: { first: offset, last: offset + part.size - 1 } }),
    headers: reading,
    query: [],
  };
  const { body: read } = await crypto.download(openObject, opening, options);
  const wanted = {
    md5: request.policy.etag === "md5",
    checksum: request.policy.checksum === "always",
  };
  const length = { "content-length": String(part.size) };
  const { body, facts } = plainBody(read, length, { payload: { kind: "unsigned" }, wanted });
  const sending = { head: { ...sent, headers: {} }, body, tail: facts };
  return (await crypto.upload(sealPart, sending, options)).etag;
}
