/** Reading a plain object in a bucket whose policy says `contents: mixed` or `pass-through` (format.md §12). No integrity is claimed for it. */
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ByteRange, openObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { refuseUnsealed } from "@s3eg/shared/legacy/readable.ts";
import { isPartIgnored, PARTS_UNTOLD } from "@s3eg/shared/s3/part-answer.ts";
import { resolveRange } from "@s3eg/shared/s3/range.ts";
import { refuseStrayMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import { visibleHeaders } from "./plain-or-sealed.ts";
import { parseContentRange } from "./stored-range.ts";

type Head = z.infer<typeof openObject.head>;

interface PlainAnswer {
  readonly result: z.infer<typeof openObject.result>;
  readonly body: Body;
  readonly sizeBytes: number;
}

/**
 * Passes a plain object on, asking again with the client's own range where a guess for a sealed one was sent. Refuses with
 * `crypto.not-sealed` where the policy does not say so; an object that changes between the two is `backend.changed`.
 */
export async function openPlain(
  backend: Backend,
  request: BackendRequest,
  { head, response }: { head: Head; response: BackendResponse },
): Promise<PlainAnswer> {
  refuseUnsealed(response.headers, head.contents);
  if (!head.range) return wholeAnswer(response);
  response.body.destroy();
  const etag = response.headers.etag;
  const pinned: HeaderFields = {
    ...request.headers,
    range: rangeValue(head.range),
    ...(etag ? { "if-match": etag } : {}),
  };
  const again = await backend.send({ ...request, headers: pinned });
  try {
    return await rangeAnswer(again, head.range);
  } catch (error) {
    again.body.destroy(error);
    throw error;
  }
}

/** One part of a plain object, as the backend has it; it says how many there are itself (`x-amz-mp-parts-count`). */
export async function openPlainPart(
  backend: Backend,
  request: BackendRequest,
  head: Head,
): Promise<PlainAnswer> {
  refuseUnsealed({}, head.contents);
  const query = [...(request.query ?? []), ["partNumber", String(head.part)] as const];
  const response = await backend.send({ ...request, query });
  try {
    if (response.headers[HEADER_FIELD] !== undefined) {
      throw new Fault("backend.changed", "object was overwritten while it was looked at");
    }
    refuseStrayMetadata(response.headers);
    if (isPartIgnored(response, head.part ?? 1)) throw partsUntold();
    if (response.status === 200) return wholeAnswer(response);
    const part = parseContentRange(response.headers["content-range"]);
    if (response.status !== 206 || !part) throw await backendFault(response);
    const range = { offset: part.start, length: part.end + 1 - part.start };
    if (range.length !== lengthOf(response)) throw anotherRange();
    return plainAnswer(response, { size: part.total, range });
  } catch (error) {
    response.body.destroy(error);
    throw error;
  }
}

function partsUntold(): Fault {
  const details = { status: 501, s3Code: "NotImplemented", s3Message: PARTS_UNTOLD };
  return new Fault("backend.refused", "backend does not know partNumber", { details });
}

function wholeAnswer(response: BackendResponse): PlainAnswer {
  const length = lengthOf(response);
  return plainAnswer(response, { size: length, range: { offset: 0, length } });
}

async function rangeAnswer(response: BackendResponse, wanted: ByteRange): Promise<PlainAnswer> {
  const { status, headers } = response;
  // The first answer was for this very ETag, and plain: the client's own conditions held.
  if (status === 412 || headers[HEADER_FIELD] !== undefined) {
    throw new Fault("backend.changed", "object was overwritten while it was looked at");
  }
  if (status !== 200 && status !== 206) throw await backendFault(response);
  const part = status === 206 ? parseContentRange(headers["content-range"]) : undefined;
  if (!part) throw anotherRange();
  const range = resolveRange(wanted, part.total);
  const isWanted = part.start === range.offset && part.end + 1 === range.offset + range.length;
  if (!isWanted || range.length !== lengthOf(response)) throw anotherRange();
  return plainAnswer(response, { size: part.total, range });
}

function anotherRange(): Fault {
  return new Fault("backend.unavailable", "backend answered another range than it was asked for");
}

function lengthOf({ headers }: BackendResponse): number {
  const length = Number(headers["content-length"]);
  if (Number.isSafeInteger(length)) return length;
  throw new Fault("backend.unavailable", "backend did not say how long the object is");
}

function plainAnswer(
  { headers, body }: BackendResponse,
  { size, range }: Pick<PlainAnswer["result"], "size" | "range">,
): PlainAnswer {
  const result = { size, isSealed: false, range, headers: visibleHeaders(headers) };
  return { result, body, sizeBytes: range.length };
}

function rangeValue(range: ByteRange): string {
  return "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.first}-${range.last ?? ""}`;
}
