/** Asking the backend for the head of the object that a request names. */
import type { BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Rooms } from "./operations/operation.ts";
import { askingHeaders } from "./s3/headers.ts";
import { toldOverrides } from "./s3/response-overrides.ts";
import { type S3Request, targetOf } from "./s3-request.ts";

/** The backend's answer to a HEAD under `conditions`, which are in the backend's ETags. Its body is still to be taken. */
export async function headBackend(
  request: S3Request,
  { backend }: Pick<Rooms, "backend">,
  asked: { query: readonly (readonly [string, string])[]; conditions: HeaderFields },
): Promise<BackendResponse> {
  const { versionId, ...target } = targetOf(request);
  return await backend.send({
    method: "HEAD",
    ...target,
    query: [...toldOverrides(request), ...asked.query, ...versionQuery(versionId)],
    headers: { ...askingHeaders(request.headers), ...asked.conditions },
    requestId: request.id,
    signal: request.signal,
  });
}
