/** Reading a multipart object: its manifest first, then only the chunks that cover what was asked for (format.md §7, §8). */
import type { Backend, BackendResponse, HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { ByteRange, openObject } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { companionKeyOf, mayHaveCompanion } from "@s3eg/shared/format/companion.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { type Manifest, totalSizeOf } from "@s3eg/shared/format/manifest.ts";
import { maxRegionBytesOf, partCountOfEtag } from "@s3eg/shared/format/sizes.ts";
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import { resolveRange } from "@s3eg/shared/s3/range.ts";
import { openCompanion, openRegion } from "@s3eg/shared/sealing/manifest-region.ts";
import type { ObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import { openParts, type PartsSpan, partsSpanOf } from "@s3eg/shared/sealing/parts.ts";
import type { z } from "zod";
import { readingHeaders } from "../reading-headers.ts";
import { parseContentRange } from "../stored-range.ts";
import { partOfManifest } from "./multipart-facts.ts";

type Opened = z.infer<typeof openObject.result>;

/** The object as its first answer shows it, its keys proven. */
export interface OpenedMultipart {
  readonly keys: ObjectKeys;
  readonly suite: SuiteNumber;
  /** The first answer, its body untouched. */
  readonly response: BackendResponse;
}

/** Asks for stored bytes of the same object: `range` is the value of a Range header. */
export interface AskRange {
  (range: string, pinned: HeaderFields): Promise<BackendResponse>;
  /** Asks for the companion of the object with this header. */
  companion(header: string): Promise<BackendResponse>;
}

/** The plaintext asked for, on its way. */
export interface OpenedPlaintext {
  readonly size: number;
  readonly range: { readonly offset: number; readonly length: number };
  readonly body: Body;
}

/** Opens a multipart object, whole or a range. Every answer used must carry the first one's header. */
export async function openMultipart(
  { keys, suite, response }: OpenedMultipart,
  range: ByteRange | undefined,
  ask: AskRange,
): Promise<OpenedPlaintext> {
  const place = placeOf(response);
  const manifest = await readManifest({ keys, suite, response }, place, ask);
  const size = totalSizeOf(manifest.parts);
  const wanted = range ? resolveRange(range, size) : { offset: 0, length: size };
  const span = partsSpanOf(manifest, wanted);
  const source = await storedBytes({ response, place, isWhole: range === undefined }, span, ask);
  const body = openParts(source.body, { keys, suite }, { span, ...source.around });
  return { size, range: wanted, body };
}

/** Opens one part of it. Nothing of the first answer's body is used: ask it for as little as can be. */
export async function openPartOf(
  { keys, suite, response }: OpenedMultipart,
  partNumber: number,
  ask: AskRange,
): Promise<OpenedPlaintext & { readonly part: NonNullable<Opened["part"]> }> {
  const place = placeOf(response);
  const manifest = await readManifest({ keys, suite, response }, place, ask);
  const count = manifest.parts.length;
  const found = partOfManifest(manifest, partNumber);
  if (!found) throw noSuchPart(partNumber, count);
  const { range, checksum } = found;
  const span = partsSpanOf(manifest, range);
  const source = await storedBytes({ response, place, isWhole: false }, span, ask);
  const body = openParts(source.body, { keys, suite }, { span, ...source.around });
  const part = { count, ...(checksum ? { checksum } : {}) };
  return { size: totalSizeOf(manifest.parts), range, body, part };
}

/** The refusal of a part that there is not, in S3's words. */
export function noSuchPart(partNumber: number, count: number): Fault {
  const s3Message = "The requested partnumber is not satisfiable";
  const asked = { ActualPartCount: count, PartNumberRequested: partNumber };
  const details = { status: 416, s3Code: "InvalidPartNumber", s3Message, ...asked };
  return new Fault("backend.refused", "object has no such part", { details });
}

/** What the backend says of an object of several parts. */
interface StoredPlace {
  readonly storedSize: number;
  readonly partCount: number;
  readonly etag: string;
}

function placeOf({ status, headers }: BackendResponse): StoredPlace {
  const storedSize =
    status === 206
      ? parseContentRange(headers["content-range"])?.total
      : Number(headers["content-length"] ?? Number.NaN);
  const etag = headers.etag ?? "";
  const partCount = partCountOfEtag(etag);
  if (storedSize === undefined || !Number.isSafeInteger(storedSize) || partCount === undefined) {
    throw new Fault("crypto.integrity", "object of several parts has no size or no part count");
  }
  return { storedSize, partCount, etag };
}

/** The manifest of an object, from any answer about it that says its size. */
export async function manifestOf(opened: OpenedMultipart, ask: AskRange): Promise<Manifest> {
  return await readManifest(opened, placeOf(opened.response), ask);
}

/** Reads and opens the manifest: at the end of an object, or beside it where there was no room inside. */
async function readManifest(
  opened: OpenedMultipart,
  place: StoredPlace,
  ask: AskRange,
): Promise<Manifest> {
  const { flags } = decodeHeader(headerOf(opened.response));
  if ((flags & FLAG.companionManifest) !== 0) return await readCompanion(opened, place, ask);
  try {
    return await readInside(opened, place, ask);
  } catch (error) {
    if (!isFault(error, "crypto.integrity") || !mayHaveCompanion(place.etag)) throw error;
    return await readCompanion(opened, place, ask);
  }
}

/** The companion is another object, and so pinned by nothing but its name; what is in it proves itself. */
async function readCompanion(
  { keys, suite, response }: OpenedMultipart,
  place: StoredPlace,
  ask: AskRange,
): Promise<Manifest> {
  const answer = await ask.companion(headerOf(response));
  if (answer.status === 404) {
    await answer.text();
    throw new Fault("crypto.integrity", "the companion manifest of the object is not there");
  }
  if (answer.status !== 200) throw await backendFault(answer);
  const tooLong = () =>
    new Fault("crypto.integrity", "companion manifest is longer than it can be");
  const bytes = await collectBody(answer.body, maxRegionBytesOf(place.partCount), tooLong);
  return openCompanion(bytes, { keys, suite }, place);
}

function headerOf({ headers }: BackendResponse): string {
  return headers[HEADER_FIELD] ?? "";
}

async function readInside(
  { keys, suite, response }: OpenedMultipart,
  place: StoredPlace,
  ask: AskRange,
): Promise<Manifest> {
  const length = Math.min(place.storedSize, maxRegionBytesOf(place.partCount));
  const answer = await askPinned(ask, `bytes=${place.storedSize - length}-`, { response, place });
  const pieces: Uint8Array[] = [];
  await answer.body.pump((piece) => void pieces.push(piece));
  return openRegion(Buffer.concat(pieces), { keys, suite }, place);
}

/** The stored bytes of a span: those of the first answer where it is whole, else asked for. */
async function storedBytes(
  { response, place, isWhole }: { response: BackendResponse; place: StoredPlace; isWhole: boolean },
  span: PartsSpan,
  ask: AskRange,
): Promise<{ body: Body; around: { lead: number; surplus: number } }> {
  const { storedOffset, storedLength } = span;
  if (isWhole && response.status === 200) {
    // Before the span lie the tags of empty parts that the object begins with.
    const surplus = place.storedSize - storedOffset - storedLength;
    return { body: response.body, around: { lead: storedOffset, surplus } };
  }
  const around = { lead: 0, surplus: 0 };
  response.body.destroy();
  if (storedLength === 0) return { body: emptyBody(), around };
  const last = storedOffset + storedLength - 1;
  const answer = await askPinned(ask, `bytes=${storedOffset}-${last}`, { response, place });
  return { body: answer.body, around };
}

async function askPinned(
  ask: AskRange,
  range: string,
  { response, place }: { response: BackendResponse; place: StoredPlace },
): Promise<BackendResponse> {
  const answer = await ask(range, { "if-match": place.etag });
  if (answer.status === 412 || answer.status === 404) {
    await answer.text();
    throw new Fault("backend.changed", "object was replaced while it was read");
  }
  if (answer.status === 416) {
    await answer.text();
    throw new Fault("crypto.integrity", "stored object is too short for what it must hold");
  }
  if (answer.status !== 206) throw await backendFault(answer);
  const part = parseContentRange(answer.headers["content-range"]);
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const end = last ? Number(last) : place.storedSize - 1;
  const isAsked =
    part?.total === place.storedSize && part.start === Number(first) && part.end === end;
  if (answer.headers[HEADER_FIELD] !== response.headers[HEADER_FIELD] || !isAsked) {
    answer.body.destroy();
    throw new Fault("crypto.integrity", "backend answered with another object or another range");
  }
  return answer;
}

function emptyBody(): Body {
  return { pump: () => Promise.resolve(), destroy: () => undefined };
}

/** Backend client of `AskRange` for a request. */
export function askRangeOf(backend: Backend, request: Parameters<Backend["send"]>[0]): AskRange {
  const headers = readingHeaders(request.headers);
  const ask = (range: string, pinned: HeaderFields) =>
    backend.send({
      ...request,
      method: "GET",
      query: (request.query ?? []).filter(([name]) => name === "versionId"),
      headers: { ...headers, ...pinned, range },
    });
  const companion = (header: string) => {
    const key = companionKeyOf(request.key ?? "", header);
    return backend.send({ ...request, method: "GET", key, query: [], headers });
  };
  return Object.assign(ask, { companion });
}
