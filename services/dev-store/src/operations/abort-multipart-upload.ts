/** AbortMultipartUpload. */
import type { Operation } from "../s3-request.ts";

/** `DELETE /bucket/key?uploadId=…`. */
export const abortMultipartUpload: Operation = {
  name: "AbortMultipartUpload",
  method: "DELETE",
  on: "object",
  marks: ["uploadId"],
  async run({ bucket, key, query }, { store }) {
    const uploadId = query.get("uploadId") ?? "";
    await store.bucket(bucket).uploads.end({ key, uploadId }, async () => ({
      result: undefined,
      kept: new Set(),
    }));
    return { status: 204 };
  },
};
