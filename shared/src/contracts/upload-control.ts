/** What `crypto` answers an operator of multipart uploads under way. Names of buckets and keys are in it; no key, no header, no part. */
import { z } from "zod";
import { question } from "./contract.ts";
import { AskerProof, answerOf } from "./keys.ts";

/** An upload under way. */
export const ActiveUpload = z.object({
  uploadId: z.string(),
  /** Where the object will lie on the backend. */
  bucket: z.string(),
  key: z.string(),
  createdAtMs: z.int(),
  /** When its state ends, unless a part comes before. */
  expiresAtMs: z.int(),
  /** False where policy stores the bucket's multipart objects as they are. */
  isSealed: z.boolean(),
  checksumAlgorithm: z.string().optional(),
});
export type ActiveUpload = z.infer<typeof ActiveUpload>;

/** Why it is not done. It is an answer and not a fault, so that it is proven to come from crypto. */
export const UploadRefusal = z.object({
  reason: z.enum([
    "NoSuchUpload",
    /** The backend did not end the upload: nothing was changed. */
    "BackendFailed",
    "StateUnavailable",
    /** A record does not verify: it was tampered with, or is sealed under another key. */
    "StateUnreadable",
    /** This gateway takes no multipart uploads. */
    "NotConfigured",
  ]),
  message: z.string(),
});
export type UploadRefusal = z.infer<typeof UploadRefusal>;

/** One page of uploads. */
export const UploadPage = z.object({
  /** By upload id. */
  uploads: z.array(ActiveUpload),
  /** True where there are more after the last one. */
  hasMore: z.boolean(),
  /** Of all uploads, whatever is on the page. */
  total: z.int().nonnegative(),
});
export type UploadPage = z.infer<typeof UploadPage>;

/** Asked by admin, answered by crypto: uploads whose id is greater than `after`, as many as a message holds and `limit` at most. */
export const listUploads = question("crypto.upload.list", {
  input: z.strictObject({
    asker: AskerProof.optional(),
    after: z.string().optional(),
    limit: z.int().min(1),
  }),
  output: answerOf(z.union([z.object({ page: UploadPage }), z.object({ refusal: UploadRefusal })])),
});

/** Asked by admin, answered by crypto: end an upload on the backend and in the state, whoever began it. */
export const abortUploadById = question("crypto.upload.abort", {
  input: z.strictObject({ asker: AskerProof.optional(), uploadId: z.string() }),
  output: answerOf(
    z.union([
      z.object({ aborted: ActiveUpload.pick({ bucket: true, key: true }) }),
      z.object({ refusal: UploadRefusal }),
    ]),
  ),
});
