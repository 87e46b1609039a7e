/** Multipart uploads under way, asked of crypto: to see them, and to end one that nobody will. */
import {
  type ActiveUpload,
  abortUploadById,
  listUploads,
  type UploadRefusal,
} from "@s3eg/shared/contracts/upload-control.ts";
import { z } from "zod";
import { type Asking, askService } from "./ask-service.ts";
import { type Endpoint, endpoint, errorBody, refused } from "./endpoint.ts";

const ListedUpload = z.object({
  upload_id: z.string(),
  bucket: z.string(),
  key: z.string(),
  created_at: z.iso.datetime(),
  /** Unless a part comes before. */
  expires_at: z.iso.datetime(),
  /** False where policy stores the bucket's multipart objects as they are. */
  encrypted: z.boolean(),
  checksum_algorithm: z.string().optional(),
});

const UploadList = z.object({
  active_uploads: z.array(ListedUpload),
  /** Of those that are listed. */
  count: z.int().nonnegative(),
  /** Of all uploads. */
  total: z.int().nonnegative(),
  timestamp: z.iso.datetime(),
  /** Where there are more: `after` of the next question. */
  next: z.string().optional(),
});

const ABORTED = "aborted" as const;
const AbortedUpload = z.object({
  status: z.literal(ABORTED),
  upload_id: z.string(),
  bucket: z.string(),
  key: z.string(),
});

const STATUS = {
  NoSuchUpload: 404,
  StateUnreadable: 409,
  NotConfigured: 501,
  BackendFailed: 502,
  StateUnavailable: 503,
} as const satisfies Record<UploadRefusal["reason"], number>;

const REFUSALS = {
  404: refused("NoSuchUpload: no upload with this id is under way"),
  409: refused("StateUnreadable: what is kept of an upload does not verify"),
  501: refused("NotConfigured: this gateway takes no multipart uploads"),
  502: refused("BackendFailed: the backend did not end the upload; nothing was changed"),
  503: refused("the store of uploads, or a service, is away; try again"),
} as const;

/** Longer upload ids are no backend's. */
const UploadId = z.string().min(1).max(1024);
/** Every upload may have to be looked at, and the backend asked. */
const TIMEOUT_MS = 30_000;

/** `/admin/mpu/…`. */
export function multipartEndpoints(asking: Asking): Endpoint[] {
  return [listEndpoint(asking), abortEndpoint(asking)];
}

function listEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "GET",
    path: "/admin/mpu/list",
    summary: "Multipart uploads under way, by upload id",
    query: z.strictObject({
      after: UploadId.optional().describe("`next` of the page before"),
      limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    }),
    answers: { ...REFUSALS, 200: { description: "the uploads", schema: UploadList } },
    async handle({ query: { after, limit }, request: { id: requestId } }) {
      const uploads: ActiveUpload[] = [];
      for (let from = after; ; from = uploads.at(-1)?.uploadId) {
        const rest = limit - uploads.length;
        const input = { ...(from === undefined ? {} : { after: from }), limit: rest };
        const answer = await askService(asking, {
          ...{ question: listUploads, input, requestId, timeoutMs: TIMEOUT_MS },
        });
        if ("refusal" in answer) return refusal(answer.refusal);
        const { page } = answer;
        uploads.push(...page.uploads);
        const isFull = uploads.length >= limit;
        if (page.hasMore && !isFull && page.uploads.length > 0) continue;
        const next = page.hasMore ? uploads.at(-1)?.uploadId : undefined;
        return { status: 200, body: listBody(uploads, page.total, next) };
      }
    },
  });
}

function abortEndpoint(asking: Asking): Endpoint {
  return endpoint({
    method: "POST",
    path: "/admin/mpu/abort/{uploadId}",
    summary: "End a multipart upload, on the backend and here",
    params: z.object({ uploadId: UploadId }),
    answers: { ...REFUSALS, 200: { description: "it has ended", schema: AbortedUpload } },
    async handle({ params: { uploadId }, request: { id: requestId } }) {
      const answer = await askService(asking, {
        ...{ question: abortUploadById, input: { uploadId } },
        ...{ requestId, timeoutMs: TIMEOUT_MS },
      });
      if ("refusal" in answer) return refusal(answer.refusal);
      return { status: 200, body: { status: ABORTED, upload_id: uploadId, ...answer.aborted } };
    },
  });
}

function listBody(
  uploads: readonly ActiveUpload[],
  total: number,
  next: string | undefined,
): z.infer<typeof UploadList> {
  const timestamp = new Date().toISOString();
  return {
    active_uploads: uploads.map(listedUpload),
    count: uploads.length,
    total,
    timestamp,
    next,
  };
}

function listedUpload(upload: ActiveUpload): z.infer<typeof ListedUpload> {
  return {
    upload_id: upload.uploadId,
    bucket: upload.bucket,
    key: upload.key,
    created_at: new Date(upload.createdAtMs).toISOString(),
    expires_at: new Date(upload.expiresAtMs).toISOString(),
    encrypted: upload.isSealed,
    checksum_algorithm: upload.checksumAlgorithm,
  };
}

function refusal({ reason, message }: UploadRefusal) {
  return { status: STATUS[reason], body: errorBody(reason, message) };
}
