/** GetObject's step in crypto: one GET to the backend, one data key, verified plaintext out. */
import type { Backend, BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { ByteRange, openObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { isMultipart } from "@s3eg/shared/format/companion.ts";
import type { ObjectHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { totalSizeOf } from "@s3eg/shared/format/manifest.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import type { DownloadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { resolveRange } from "@s3eg/shared/s3/range.ts";
import { type OpenedRange, openBody } from "@s3eg/shared/sealing/open.ts";
import { openMetadata, refuseStrayMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import type { DataKeys } from "./data-keys.ts";
import { isLegacy, type LegacyOptions, openLegacyObject } from "./legacy/read-legacy.ts";
import {
  askRangeOf,
  manifestOf,
  noSuchPart,
  openMultipart,
  openPartOf,
} from "./multipart/open-multipart.ts";
import { shownHeaders } from "./object-metadata.ts";
import { openPlain, openPlainPart } from "./open-plain.ts";
import { guessStoredRange, parseContentRange, placeRange } from "./stored-range.ts";

type OpenObject = DownloadAnswerer<
  z.infer<typeof openObject.head>,
  z.infer<typeof openObject.result>
>;
type Answer = Awaited<ReturnType<OpenObject>>;
type Head = z.infer<typeof openObject.head>;
interface Rooms {
  readonly dataKeys: DataKeys;
  readonly backend: Backend;
  readonly legacy: LegacyOptions;
}
interface Asking {
  readonly head: Head;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** Answers `open-object`. Fails before the first byte with a fault, after it with a body that rejects. */
export function openObjectAnswerer(rooms: Rooms): OpenObject {
  return async (head, { requestId, signal }) => {
    const asking = { head, requestId, signal };
    if (head.part !== undefined) return await openPart(rooms, asking, head.part);
    const range = head.range && guessStoredRange(head.range);
    const response = await rooms.backend.send(getRequest(asking, range));
    try {
      if (response.status === 416 && head.range) return await beyondTheEnd(rooms, asking, response);
      if (response.status !== 200 && response.status !== 206) throw await backendFault(response);
      if (response.headers[HEADER_FIELD] === undefined) {
        return await openUnsealed(rooms, asking, response);
      }
      return await openSealed(rooms, asking, { response, range });
    } catch (error) {
      response.body.destroy(error);
      throw error;
    }
  };
}

async function openUnsealed(
  rooms: Rooms,
  asking: Asking,
  response: BackendResponse,
): Promise<Answer> {
  const { head, requestId } = asking;
  const request = getRequest(asking, undefined);
  if (!isLegacy(response)) return await openPlain(rooms.backend, request, { head, response });
  return await openLegacyObject(rooms, { request, response, requestId }, head);
}

/**
 * One byte tells what kind of object it is; then nothing but the part is asked for. Part 1 of an object that was not uploaded in parts is
 * all of it. Which parts a plain object has is the backend's to say.
 */
async function openPart(rooms: Rooms, asking: Asking, part: number): Promise<Answer> {
  const request = getRequest(asking, "bytes=0-0");
  const response = await rooms.backend.send(request);
  try {
    const value = response.headers[HEADER_FIELD];
    const isKnown = response.status === 200 || response.status === 206;
    if (!isKnown && response.status !== 416) throw await backendFault(response);
    if (value === undefined) refuseStrayMetadata(response.headers);
    if (value === undefined && isLegacy(response))
      return await openUnsealed(rooms, asking, response);
    if (!isKnown || value === undefined) {
      response.body.destroy();
      return await openPlainPart(rooms.backend, getRequest(asking, undefined), asking.head);
    }
    const { head, requestId } = asking;
    const { header, keys } = await rooms.dataKeys.open(
      { header: value, place: head.place },
      requestId,
    );
    const headers = shownHeaders(response.headers, { header, keys });
    if (isMultipart(header.flags)) {
      const ask = askRangeOf(rooms.backend, getRequest(asking, undefined));
      const multipart = { keys, suite: header.suite, response };
      const { body, ...opened } = await openPartOf(multipart, part, ask);
      return {
        result: { ...opened, isSealed: true, headers },
        body,
        sizeBytes: opened.range.length,
      };
    }
    if (part > 1) throw noSuchPart(part, 1);
    response.body.destroy();
    return await openWhole(rooms, asking, response.headers);
  } catch (error) {
    response.body.destroy(error);
    throw error;
  }
}

/** The same object again, whole: the client's conditions held, and the ETag stands in for them. */
async function openWhole(rooms: Rooms, asking: Asking, seen: HeaderFields): Promise<Answer> {
  const { etag = "" } = seen;
  const { part: _, ...head } = asking.head;
  const pinned = { ...asking, head: { ...head, headers: { ...head.headers, "if-match": etag } } };
  const response = await rooms.backend.send(getRequest(pinned, undefined));
  try {
    if (response.status === 412 || response.headers[HEADER_FIELD] !== seen[HEADER_FIELD]) {
      throw new Fault("backend.changed", "object was replaced while it was read");
    }
    if (response.status !== 200) throw await backendFault(response);
    return await openSealed(rooms, pinned, { response, range: undefined });
  } catch (error) {
    response.body.destroy(error);
    throw error;
  }
}

function getRequest({ head, requestId, signal }: Asking, range: string | undefined) {
  const headers: HeaderFields = range ? { ...head.headers, range } : head.headers;
  const { versionId, ...target } = head.target;
  const query = [...head.query, ...versionQuery(versionId)];
  return { method: "GET" as const, ...target, query, headers, requestId, signal };
}

/** Nothing of the size is believed before the header proved genuine. */
async function openSealed(
  { dataKeys, backend }: Rooms,
  asking: Asking,
  { response, range }: { response: BackendResponse; range: string | undefined },
): Promise<Answer> {
  const { head, requestId } = asking;
  const value = response.headers[HEADER_FIELD] ?? "";
  const { header, keys } = await dataKeys.open({ header: value, place: head.place }, requestId);
  const headers = shownHeaders(response.headers, { header, keys });
  if (isMultipart(header.flags)) {
    const { suite } = header;
    const ask = askRangeOf(backend, getRequest(asking, undefined));
    const { body, ...opened } = await openMultipart({ keys, suite, response }, head.range, ask);
    return { result: { ...opened, isSealed: true, headers }, body, sizeBytes: opened.range.length };
  }
  const size = readableSize(header);
  const wanted = head.range ? resolveRange(head.range, size) : { offset: 0, length: size };
  const opened = head.range
    ? openedRange(wanted, size, { response, request: range ?? "" })
    : wholeObject(response, size);
  return {
    result: { size, isSealed: true, range: wanted, headers },
    body: openBody(response.body, { keys, suite: header.suite, size, ...opened }),
    sizeBytes: wanted.length,
  };
}

/** The authenticated size of an object that was not uploaded in parts. */
function readableSize({ plaintextSize }: ObjectHeader): number {
  if (plaintextSize !== undefined) return plaintextSize;
  throw new Fault("crypto.integrity", "object has a layout that this version does not read");
}

function wholeObject(response: BackendResponse, size: number): Record<string, never> {
  if (response.headers["content-length"] !== String(storedSizeOf(size))) {
    throw new Fault("crypto.integrity", "stored object does not have the size its header says");
  }
  return {};
}

function openedRange(
  wanted: { offset: number; length: number },
  size: number,
  { response, request }: { response: BackendResponse; request: string },
): { range: OpenedRange } {
  const total = storedSizeOf(size);
  // A backend that ignores Range sends the whole object: the answer to `bytes=0-`.
  if (response.status === 200) {
    wholeObject(response, size);
    const part = { start: 0, end: total - 1, total };
    return { range: placeRange(wanted, size, { part, request: "bytes=0-" }) };
  }
  const part = parseContentRange(response.headers["content-range"]);
  if (!part)
    throw new Fault("crypto.integrity", "backend's partial answer does not say what it is");
  return { range: placeRange(wanted, size, { part, request }) };
}

/** The backend knows no byte of the guess. Only the authenticated size can tell the client so. */
async function beyondTheEnd(
  rooms: Rooms,
  asking: Asking,
  refused: BackendResponse,
): Promise<Answer> {
  await refused.text();
  const { query, ...request } = getRequest(asking, undefined);
  const versionOnly = query.filter(([name]) => name === "versionId");
  const response = await rooms.backend.send({ ...request, query: versionOnly, method: "HEAD" });
  if (response.status !== 200) throw await backendFault(response);
  const value = response.headers[HEADER_FIELD];
  if (value === undefined) {
    // A HEAD brought no bytes that could be read.
    return await openUnsealed(rooms, asking, { ...response, status: 206 });
  }
  const { header, keys } = await rooms.dataKeys.open(
    { header: value, place: asking.head.place },
    asking.requestId,
  );
  openMetadata(response.headers, { header, keys });
  const ask = askRangeOf(rooms.backend, getRequest(asking, undefined));
  const size = isMultipart(header.flags)
    ? totalSizeOf((await manifestOf({ keys, suite: header.suite, response }, ask)).parts)
    : readableSize(header);
  resolveRange(asking.head.range as ByteRange, size);
  throw new Fault("crypto.integrity", "backend refused a range that lies within the object");
}
