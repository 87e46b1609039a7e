/** CompleteMultipartUpload's step in crypto: the manifest is sealed into the object, then the backend completes it (format.md §7). */
import { createHash } from "node:crypto";
import type { BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { CompletedPart, type completeUpload } from "@s3eg/shared/contracts/multipart.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Manifest } from "@s3eg/shared/format/manifest.ts";
import { collectBody } from "@s3eg/shared/http/body.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { el, parseXml, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { sealRegion } from "@s3eg/shared/sealing/manifest-region.ts";
import { z } from "zod";
import type { PartAttempt, UploadRecord } from "../multipart-state/multipart-state.ts";
import { visibleHeaders } from "../plain-or-sealed.ts";
import { invalidPart, selectParts } from "./select-parts.ts";
import {
  customerKeyOf,
  findUpload,
  keysOf,
  refOf,
  refusal,
  type UploadRooms,
  uploadRequest,
} from "./uploads.ts";
import { shownChecksum, type WholeChecksum, wholeChecksum } from "./whole-checksum.ts";

type Complete = UploadAnswerer<
  z.infer<typeof completeUpload.head>,
  Record<string, never>,
  z.infer<typeof completeUpload.result>
>;
type Head = z.infer<typeof completeUpload.head>;
type Result = z.infer<typeof completeUpload.result>;

interface Completing {
  readonly head: Head;
  readonly upload: UploadRecord;
  readonly parts: readonly PartAttempt[];
  readonly requestId: string;
}

const MAX_LIST_BYTES = 4 * 1024 * 1024;
const MAX_PART_NUMBER = 10_000;
const CompletedParts = z.array(CompletedPart);

/** Answers `complete-upload`. A Complete that is repeated after its answer was lost gets the same answer. */
export function completeUploadAnswerer(rooms: UploadRooms): Complete {
  return async ({ head, body }, { requestId }) => {
    const completed = await readParts(body);
    const before = await rooms.state.completedResult(refOf(head));
    if (before !== undefined) return JSON.parse(before) as Result;
    const upload = await findUpload(rooms.state, head);
    const parts = selectParts(completed, await rooms.state.attempts(refOf(head)));
    const checksum = wholeChecksum(parts, upload.checksum);
    checkStated(head, checksum, parts.length);
    const completing = { head, upload, parts, requestId };
    const etags = await storeRegion(rooms, completing, checksum);
    const result = await completeOnBackend(rooms, completing, etags);
    const shown = checksum && {
      algorithm: checksum.algorithm,
      type: checksum.type,
      value: shownChecksum(checksum, parts.length),
    };
    const md5 = md5OfMd5s(parts)?.toString("hex");
    const answer = {
      ...result,
      ...(md5 === undefined ? {} : { plainEtag: `${md5}-${parts.length}` }),
      ...(shown ? { checksum: shown } : {}),
    };
    await rooms.state.complete(refOf(head), JSON.stringify(answer));
    return answer;
  };
}

async function readParts(body: Parameters<typeof collectBody>[0]): Promise<CompletedPart[]> {
  const tooLarge = () => new Fault("input.malformed-xml", "list of parts is too long");
  const bytes = await collectBody(body, MAX_LIST_BYTES, tooLarge);
  const parsed = CompletedParts.safeParse(JSON.parse(bytes.toString("utf8")));
  if (!parsed.success) throw new Fault("input.malformed-xml", "list of parts is malformed");
  return parsed.data;
}

function checkStated(
  { checksum: stated }: Head,
  checksum: WholeChecksum | undefined,
  partCount: number,
): void {
  if (!stated || !checksum) return;
  if (
    stated.algorithm !== checksum.algorithm ||
    stated.value !== shownChecksum(checksum, partCount)
  ) {
    throw new Fault("input.bad-digest", "checksum of the object does not match its parts");
  }
}

/** Seals the manifest and stores it: behind a parked last part, or as one more part. Gives the backend's parts. */
async function storeRegion(
  rooms: UploadRooms,
  completing: Completing,
  checksum: WholeChecksum | undefined,
): Promise<{ partNumber: number; etag: string }[]> {
  const { head, upload, parts, requestId } = completing;
  const last = parts.at(-1);
  if (!last) throw invalidPart();
  if (!last.isParked && last.partNumber === MAX_PART_NUMBER) throw invalidPart();
  const { keys, suite } = await keysOf(rooms, upload, requestId);
  const partCount = parts.length + (last.isParked ? 0 : 1);
  const region = sealRegion(manifestOf(completing, checksum), { keys, suite }, partCount);
  const stored = parts.map(({ partNumber, etag, backendEtag }) => ({
    partNumber,
    etag: backendEtag ?? etag,
  }));
  if (!last.isParked) {
    const own = { partNumber: last.partNumber + 1, bytes: region };
    return [...stored, await storePart(rooms, completing, own)];
  }
  const ciphertext = await rooms.state.parked(refOf(head), last);
  if (!ciphertext) throw new Fault("state.unavailable", "a parked part is not there any more");
  const bytes = Buffer.concat([ciphertext, region]);
  const joined = await storePart(rooms, completing, { partNumber: last.partNumber, bytes });
  return [...stored.slice(0, -1), joined];
}

function manifestOf({ parts }: Completing, checksum: WholeChecksum | undefined): Manifest {
  const md5 = md5OfMd5s(parts);
  return {
    parts: parts.map(({ partNumber, size, salt, checksum: own }) => ({
      partNumber,
      size,
      salt,
      ...(own && own.algorithm === checksum?.algorithm
        ? { checksum: Buffer.from(own.value, "base64") }
        : {}),
    })),
    ...(md5 ? { md5OfMd5s: md5 } : {}),
    ...(checksum
      ? {
          checksumAlgorithm: checksum.algorithm,
          checksum: { type: checksum.type, value: checksum.value },
        }
      : {}),
  };
}

/** MD5 of the parts' MD5s; undefined where one has none. */
function md5OfMd5s(parts: readonly PartAttempt[]): Buffer | undefined {
  const md5s = parts.flatMap(({ md5 }) => (md5 === undefined ? [] : [Buffer.from(md5, "hex")]));
  return md5s.length === parts.length
    ? createHash("md5").update(Buffer.concat(md5s)).digest()
    : undefined;
}

async function storePart(
  { backend }: UploadRooms,
  { head, upload, requestId }: Completing,
  { partNumber, bytes }: { partNumber: number; bytes: Buffer },
): Promise<{ partNumber: number; etag: string }> {
  const response = await backend.send({
    method: "PUT",
    ...uploadRequest(head, [["partNumber", String(partNumber)]]),
    headers: customerKeyOf(upload.policy),
    body: bytes,
    requestId,
  });
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  return { partNumber, etag: response.headers.etag ?? "" };
}

/** A Complete may fail after the backend has answered 200: then the body is an error (S3 API, CompleteMultipartUpload). */
async function completeOnBackend(
  rooms: UploadRooms,
  completing: Completing,
  parts: readonly { partNumber: number; etag: string }[],
): Promise<Result> {
  const { head, requestId } = completing;
  const nodes = parts.map((part) =>
    el("Part", el("PartNumber", part.partNumber), el("ETag", part.etag)),
  );
  const body = Buffer.from(
    xmlDocument(el("CompleteMultipartUpload", ...nodes), { hasNamespace: true }),
  );
  const response = await rooms.backend.send({
    method: "POST",
    ...uploadRequest(head),
    headers: { "content-type": "application/xml", ...head.headers },
    body,
    requestId,
  });
  if (response.status !== 200) throw await backendFault(response);
  const result = parseXml(await response.text());
  if (result.name === "Error") {
    throw refusal(500, result.textOf("Code") ?? "InternalError", result.textOf("Message") ?? "");
  }
  const etag = result.textOf("ETag") || (await etagOf(rooms, completing));
  return {
    etag: etag.startsWith('"') ? etag : `"${etag}"`,
    headers: visibleHeaders(response.headers),
  };
}

/** Some servers complete without saying the ETag. */
async function etagOf(
  { backend }: UploadRooms,
  { head: { target }, upload, requestId }: Completing,
): Promise<string> {
  const headers = customerKeyOf(upload.policy);
  const response: BackendResponse = await backend.send({
    method: "HEAD",
    ...target,
    headers,
    requestId,
  });
  await response.text();
  const { etag } = response.headers;
  if (!etag) throw new Fault("backend.unavailable", "backend completed an object without an ETag");
  return etag;
}
