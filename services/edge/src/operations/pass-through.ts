/** Operations that carry no object bytes: re-signed, sent on, and answered with what the backend says. */
import { hash } from "node:crypto";
import type { BackendRequest, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { answerHeaders, passedHeaders } from "../s3/headers.ts";
import { isPassedParameter } from "../s3/query-names.ts";
import { identityOf, type S3Request } from "../s3-request.ts";
import type { Operation, S3Answer } from "./operation.ts";

/** Largest XML document a client may send (S3 API: DeleteObjects with 1000 keys of 1024 bytes, escaped). */
export const MAX_XML_BYTES = 8 * 1024 * 1024;

/** An operation that passes through. `check` sees the client's document and may throw. */
export function passThrough(
  shape: Pick<Operation, "name" | "method" | "level" | "subresources">,
  { check }: { check?: (document: string) => void } = {},
): Operation {
  return {
    ...shape,
    async run(request, { backend }) {
      const hasBody = shape.method === "PUT" || shape.method === "POST";
      const body = hasBody ? await request.bytes(MAX_XML_BYTES) : undefined;
      if (body) check?.(body.toString("utf8"));
      return await passedAnswer(
        await backend.send(passedRequest(request, { method: shape.method, body })),
      );
    },
  };
}

/** The same request for the backend: names, query and headers as the client gave them, signature left out. */
export function passedRequest(
  request: S3Request,
  { method, body }: { method: BackendRequest["method"]; body?: Uint8Array | undefined },
): BackendRequest {
  return {
    method,
    ...(request.bucket === "" ? {} : { bucket: request.bucket }),
    ...(request.key === "" ? {} : { key: request.key }),
    query: request.query.only(isPassedParameter),
    // Some operations insist on a digest of their document (S3 API, DeleteObjects).
    headers: body?.byteLength
      ? { ...passedHeaders(request.headers), "content-md5": hash("md5", body, "base64") }
      : passedHeaders(request.headers),
    ...(body === undefined ? {} : { body }),
    ...identityOf(request),
    requestId: request.id,
    signal: request.signal,
  };
}

/** The backend's answer as the client gets it; an error answer is thrown. */
export async function passedAnswer(
  response: BackendResponse,
  changes?: (xml: string) => string | Promise<string>,
): Promise<S3Answer> {
  if (response.status >= 300) throw await backendFault(response);
  const text = await response.text();
  const headers = answerHeaders(response.headers);
  if (text === "") return { status: response.status, headers };
  return { status: response.status, headers, body: changes ? await changes(text) : text };
}
