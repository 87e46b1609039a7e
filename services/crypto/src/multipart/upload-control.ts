/** What an operator may ask of uploads under way: which there are, and to end one. Refusals are answers, so that they are proven, too. */
import type { Asked } from "@s3eg/shared/bus/bus.ts";
import {
  type ActiveUpload,
  abortUploadById,
  type UploadPage,
  type UploadRefusal,
} from "@s3eg/shared/contracts/upload-control.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Incidents } from "../incidents.ts";
import type { ListedUpload, MultipartState } from "../multipart-state/multipart-state.ts";
import { abortOnBothSides } from "./abort-upload.ts";
import type { UploadRooms } from "./uploads.ts";

type Refused = { readonly refusal: UploadRefusal };
type Handler<Input, Done> = (input: Input, asked: Asked) => Promise<Done | Refused>;

/** Names on one page; sealed, with whatever JSON makes of them, they fit a message of 1 MiB. */
const MAX_PAGE_BYTES = 100_000;
/** Uploads held for a page while all are gone through. */
const MAX_PAGE_UPLOADS = 1000;

/** Answers `crypto.upload.list`. */
export function listUploadsHandler(
  state: MultipartState | undefined,
): Handler<{ after?: string | undefined; limit: number }, { page: UploadPage }> {
  return async ({ after, limit }) => {
    if (!state) return NOT_CONFIGURED;
    try {
      return { page: await pageOf(state, after, Math.min(limit, MAX_PAGE_UPLOADS)) };
    } catch (error) {
      return refusalOf(error);
    }
  };
}

/** Answers `crypto.upload.abort`. That it was done is told to the audit trail. */
export function abortUploadByIdHandler(
  rooms: UploadRooms | undefined,
  incidents: Incidents,
): Handler<{ uploadId: string }, { aborted: { bucket: string; key: string } }> {
  return async ({ uploadId }, { requestId }) => {
    if (!rooms) return NOT_CONFIGURED;
    try {
      const upload = await rooms.state.findById(uploadId);
      if (!upload) return NO_SUCH_UPLOAD;
      const { bucket, key, identity } = upload;
      const address = { target: { bucket, key, identity }, uploadId, headers: {} };
      await abortOnBothSides(rooms, address, requestId);
      const operation = abortUploadById.subject;
      incidents.report("mpu.abort", { requestId, operation, bucket, key, uploadId });
      return { aborted: { bucket, key } };
    } catch (error) {
      return refusalOf(error);
    }
  };
}

async function pageOf(
  state: MultipartState,
  after: string | undefined,
  limit: number,
): Promise<UploadPage> {
  let next: ActiveUpload[] = [];
  let found = 0;
  let total = 0;
  for await (const listed of state.list()) {
    total += 1;
    if (after !== undefined && listed.upload.uploadId <= after) continue;
    found += 1;
    next.push(activeUpload(listed));
    if (next.length >= 2 * limit) next = firstOf(next, limit);
  }
  const uploads = fitting(firstOf(next, limit));
  return { uploads, hasMore: uploads.length < found, total };
}

function firstOf(uploads: readonly ActiveUpload[], limit: number): ActiveUpload[] {
  return uploads.toSorted((a, b) => (a.uploadId < b.uploadId ? -1 : 1)).slice(0, limit);
}

/** The first one always fits. */
function fitting(uploads: readonly ActiveUpload[]): ActiveUpload[] {
  let bytes = 0;
  return uploads.filter((upload, index) => {
    bytes += Buffer.byteLength(JSON.stringify(upload));
    return index === 0 || bytes <= MAX_PAGE_BYTES;
  });
}

function activeUpload({ upload, expiresAtMs }: ListedUpload): ActiveUpload {
  const { uploadId, bucket, key, createdAtMs, isSealed, checksum } = upload;
  const checksumAlgorithm = checksum?.algorithm;
  return { uploadId, bucket, key, createdAtMs, expiresAtMs, isSealed, checksumAlgorithm };
}

const NOT_CONFIGURED: Refused = {
  refusal: { reason: "NotConfigured", message: "there are no multipart uploads here" },
};

const NO_SUCH_UPLOAD: Refused = {
  refusal: { reason: "NoSuchUpload", message: "no upload with this id is under way" },
};

/** Faults of the two sides are told; a bug is thrown on. */
function refusalOf(error: unknown): Refused {
  if (!(error instanceof Fault)) throw error;
  const reason = reasonOf(error);
  if (reason === undefined) throw error;
  const { s3Code } = error.details;
  const message = s3Code === undefined ? error.code : `${error.code}: ${s3Code}`;
  return { refusal: { reason, message } };
}

function reasonOf({ code }: Fault): UploadRefusal["reason"] | undefined {
  if (code === "state.unavailable" || code === "limit.busy") return "StateUnavailable";
  if (code === "crypto.integrity") return "StateUnreadable";
  return code.startsWith("backend.") ? "BackendFailed" : undefined;
}
