/** Reading a plain object in a bucket whose policy says `contents: mixed` (format.md §12). No integrity is claimed for it. */
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ByteRange, openObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import type { z } from "zod";
import { notSealed, visibleHeaders } from "./plain-or-sealed.ts";
import { parseContentRange } from "./stored-range.ts";

type Head = z.infer<typeof openObject.head>;

interface PlainAnswer {
  readonly result: z.infer<typeof openObject.result>;
  readonly body: Body;
  readonly sizeBytes: number;
}

/**
 * Passes a plain object on, asking again with the client's own range where a guess for a sealed one was sent. Refuses with
 * `crypto.not-sealed` where the policy does not say `mixed`.
 */
export async function openPlain(
  backend: Backend,
  request: BackendRequest,
  { head, response }: { head: Head; response: BackendResponse },
): Promise<PlainAnswer> {
  if (head.contents !== "mixed") throw notSealed();
  if (!head.range) return plainAnswer(response);
  response.body.destroy();
  const etag = response.headers.etag;
  const pinned: HeaderFields = {
    ...request.headers,
    range: rangeValue(head.range),
    ...(etag ? { "if-match": etag } : {}),
  };
  const again = await backend.send({ ...request, headers: pinned });
  if (again.status !== 200 && again.status !== 206) throw await backendFault(again);
  return plainAnswer(again);
}

function plainAnswer(response: BackendResponse): PlainAnswer {
  const sizeBytes = Number(response.headers["content-length"]);
  if (!Number.isSafeInteger(sizeBytes)) {
    throw new Fault("backend.unavailable", "backend did not say how long the object is");
  }
  const part = parseContentRange(response.headers["content-range"]);
  const range = { offset: part?.start ?? 0, length: sizeBytes };
  const headers = visibleHeaders(response.headers);
  return {
    result: { size: part?.total ?? sizeBytes, isSealed: false, range, headers },
    body: response.body,
    sizeBytes,
  };
}

function rangeValue(range: ByteRange): string {
  return "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.first}-${range.last ?? ""}`;
}
