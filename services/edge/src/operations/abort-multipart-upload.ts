/** AbortMultipartUpload: parts, parked parts and state are given up. */
import { abortUpload } from "@s3eg/shared/contracts/multipart.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { askingHeaders } from "../s3/headers.ts";
import { uploadAddress } from "../upload-request.ts";
import type { Operation } from "./operation.ts";

export const abortMultipartUpload: Operation = {
  name: "AbortMultipartUpload",
  method: "DELETE",
  level: "object",
  subresources: ["uploadId"],
  async run(request, { crypto }) {
    const head = { ...uploadAddress(request), headers: { ...askingHeaders(request.headers) } };
    const sending = { head, body: bodyOfBytes(Buffer.alloc(0)), tail: () => ({}) };
    await crypto.upload(abortUpload, sending, { requestId: request.id, signal: request.signal });
    return { status: 204 };
  },
};
