/** Operations that carry no object bytes: re-signed, sent on, and answered with what the backend says. */
import { hash } from "node:crypto";
import type { BackendRequest, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { type S3Error, s3Error } from "../s3/errors.ts";
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
      const subresources = shape.subresources ?? [];
      const changesBucket = shape.level === "bucket" && shape.method !== "GET";
      if (changesBucket && subresources.length > 0) {
        // A backend that does not know `?encryption` would create the bucket, or delete it. Reading does no harm: it comes first.
        const asked = await backend.send(passedRequest(request, { method: "GET" }));
        refuseIgnored(await asked.text(), subresources);
      }
      const response = await backend.send(passedRequest(request, { method: shape.method, body }));
      return await settingOf(response, subresources);
    },
  };
}

/**
 * The answer about a setting. A backend that does not know a sub-resource may answer without it: with the object, or with a listing of
 * stored sizes. Neither may pass.
 */
async function settingOf(
  response: BackendResponse,
  subresources: readonly string[],
): Promise<S3Answer> {
  if (response.headers[HEADER_FIELD] !== undefined) {
    response.body.destroy();
    throw ignored(subresources);
  }
  const answer = await passedAnswer(response);
  if (typeof answer.body === "string") refuseIgnored(answer.body, subresources);
  return answer;
}

function refuseIgnored(document: string, subresources: readonly string[]): void {
  if (LISTING.test(document.slice(0, 1024))) throw ignored(subresources);
}

function ignored(subresources: readonly string[]): S3Error {
  return s3Error("NotImplemented", {
    message: `The backend does not know the sub-resource ${subresources.join(", ")}.`,
  });
}

const LISTING = /<(?:\w+:)?(?:ListBucketResult|ListVersionsResult)[\s/>]/;

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
