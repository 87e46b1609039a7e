/** What only a data key can tell of an object: its header proven, its trailer read with one GET of its last bytes (format.md §6). */
import { setMaxListeners } from "node:events";
import type {
  Backend,
  BackendRequest,
  BackendResponse,
  HeaderFields,
} from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { versionQuery } from "@s3eg/shared/backend/version-query.ts";
import type { Asked } from "@s3eg/shared/bus/bus.ts";
import type { describeObjects, ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, isFault, toWireFault } from "@s3eg/shared/faults.ts";
import { isMultipart } from "@s3eg/shared/format/companion.ts";
import { HEADER_FIELD, TRAILER_BYTES } from "@s3eg/shared/format/layout.ts";
import { storedSizeOf } from "@s3eg/shared/format/sizes.ts";
import type { Body } from "@s3eg/shared/http/body.ts";
import { endedShortLived } from "@s3eg/shared/http/short-lived.ts";
import { refuseUnsealed } from "@s3eg/shared/legacy/readable.ts";
import { atMost } from "@s3eg/shared/runtime/at-most.ts";
import { openTrailer } from "@s3eg/shared/sealing/open.ts";
import { openMetadata } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import type { DataKeys } from "./data-keys.ts";
import { describeLegacy, isLegacy, type LegacyOptions } from "./legacy/read-legacy.ts";
import { factsOfManifest } from "./multipart/multipart-facts.ts";
import { askRangeOf, manifestOf } from "./multipart/open-multipart.ts";
import { parseContentRange, type StoredPart } from "./stored-range.ts";

type Input = z.infer<typeof describeObjects.input>;
interface Described {
  readonly described: ({ facts: ObjectFacts } | { fault: unknown })[];
}
interface Rooms {
  readonly dataKeys: DataKeys;
  readonly backend: Backend;
  readonly legacy: LegacyOptions;
}
/** One object of the question, and everything that is said of all of them. */
interface Describing {
  readonly input: Input;
  readonly object: Input["objects"][number];
  readonly requestId: string;
  readonly signal: AbortSignal;
}

const OBJECTS_AT_ONCE = 16;

/** Answers `crypto.object.describe`. An object that can't be described is a fault in its own place; the others are answered. */
export function describeObjectsAnswerer(
  rooms: Rooms,
): (input: Input, asked: Asked) => Promise<Described> {
  return async (input, { requestId, deadlineMs }) => {
    const together = { ...rooms, dataKeys: rooms.dataKeys.together(requestId) };
    const signal = AbortSignal.timeout(Math.max(0, deadlineMs - Date.now()));
    setMaxListeners(0, signal);
    const described = await atMost(OBJECTS_AT_ONCE, input.objects, async (object) => {
      try {
        return { facts: await describeObject(together, { input, object, requestId, signal }) };
      } catch (error) {
        return { fault: toWireFault(error) };
      }
    });
    endedShortLived();
    return { described };
  };
}

async function describeObject(rooms: Rooms, describing: Describing): Promise<ObjectFacts> {
  const request = requestOf(describing);
  const pinned = { range: `bytes=-${TRAILER_BYTES}`, "if-match": describing.object.etag };
  const headers = { ...request.headers, ...pinned };
  const response = await rooms.backend.send({ ...request, headers });
  try {
    return await factsOf(rooms, describing, response);
  } catch (error) {
    response.body.destroy(error);
    throw error;
  }
}

function requestOf({ input, object, requestId, signal }: Describing): BackendRequest {
  return {
    method: "GET",
    bucket: input.bucket,
    key: object.key,
    ...(input.identity === undefined ? {} : { identity: input.identity }),
    query: versionQuery(object.versionId),
    headers: input.headers,
    requestId,
    signal,
  };
}

async function factsOf(
  rooms: Rooms,
  describing: Describing,
  response: BackendResponse,
): Promise<ObjectFacts> {
  const { input, object, requestId } = describing;
  const { status, headers } = response;
  // An object without a byte has no last bytes; a sealed one always has some.
  const isEmpty = status === 416;
  if (status !== 200 && status !== 206 && !isEmpty) throw await describeFault(response);
  if (!isEmpty && headers.etag !== object.etag) throw changed();
  const value = headers[HEADER_FIELD];
  if (value === undefined) return await factsOfUnsealed(rooms, describing, response);
  const place = { bucket: input.boundTo, key: object.key };
  const { header, keys } = await rooms.dataKeys.open({ header: value, place }, requestId);
  const { suite, plaintextSize: size } = header;
  // Told here are facts, not metadata; but nothing is told of an object that was tampered with.
  openMetadata(headers, { header, keys });
  if (isMultipart(header.flags)) {
    response.body.destroy();
    const ask = askRangeOf(rooms.backend, requestOf(describing));
    return factsOfManifest(await manifestOf({ keys, suite, response }, ask));
  }
  if (size === undefined) {
    throw new Fault("crypto.integrity", "object has a layout that this version does not read");
  }
  if (totalOf(headers) !== storedSizeOf(size)) throw wrongPart();
  const { md5, checksum } = openTrailer({ keys, suite }, await lastBytes(response));
  return {
    size,
    isSealed: true,
    ...(md5 ? { etag: Buffer.from(md5).toString("hex") } : {}),
    ...(checksum
      ? { checksum: { ...checksum, value: Buffer.from(checksum.value).toString("base64") } }
      : {}),
  };
}

/** Of an object without a byte the answer to a range shows no metadata: it has to be asked for. */
async function factsOfUnsealed(
  { backend, ...rooms }: Rooms,
  describing: Describing,
  response: BackendResponse,
): Promise<ObjectFacts> {
  const { input, object, requestId } = describing;
  const request = requestOf(describing);
  const isEmpty = response.status === 416;
  const head = { ...request, headers: { ...request.headers, "if-match": object.etag } };
  const shown = isEmpty ? await backend.send({ ...head, method: "HEAD" }) : response;
  if (shown !== response) response.body.destroy();
  if (isEmpty && shown.status !== 200) throw await describeFault(shown);
  refuseUnsealed(shown.headers, input.contents);
  if (isLegacy(shown)) {
    return await describeLegacy({ backend, ...rooms }, { request, response: shown, requestId });
  }
  shown.body.destroy();
  const size = isEmpty ? 0 : totalOf(shown.headers);
  return { size, isSealed: false, etag: object.etag.replaceAll('"', "") };
}

/** Stored bytes of the whole object, as the answer to a ranged GET says; a 200 holds it whole. */
function totalOf(headers: HeaderFields): number {
  const part = parseContentRange(headers["content-range"]);
  return part?.total ?? Number(headers["content-length"]);
}

/** The last `TRAILER_BYTES` of the object. A backend that ignored the range sends all that comes before them, too. */
async function lastBytes({ status, headers, body }: BackendResponse): Promise<Buffer> {
  if (status === 206 && !isSuffix(parseContentRange(headers["content-range"]))) throw wrongPart();
  const { tail, length } = await tailOf(body);
  if (length !== (status === 206 ? TRAILER_BYTES : totalOf(headers))) throw wrongPart();
  return tail;
}

function isSuffix(part: StoredPart | undefined): boolean {
  return part?.end === (part?.total ?? 0) - 1 && part?.start === (part?.total ?? 0) - TRAILER_BYTES;
}

async function tailOf(body: Body): Promise<{ tail: Buffer; length: number }> {
  let tail = Buffer.alloc(0);
  let length = 0;
  await body.pump((piece) => {
    length += piece.byteLength;
    const joined = Buffer.concat([tail, piece.subarray(-TRAILER_BYTES)]);
    tail = joined.subarray(-TRAILER_BYTES);
  });
  return { tail, length };
}

async function describeFault(response: BackendResponse): Promise<Fault> {
  const fault = await backendFault(response);
  return isFault(fault, "backend.refused") && response.status === 412 ? changed(fault) : fault;
}

function changed(cause?: unknown): Fault {
  return new Fault("backend.changed", "object was overwritten while it was looked at", { cause });
}

function wrongPart(): Fault {
  return new Fault("crypto.integrity", "backend answered another part than it was asked for");
}
