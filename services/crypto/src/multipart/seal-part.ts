/** UploadPart's step in crypto: one attempt at a part, sealed under a salt of its own (format.md §7, "Attempts"). */
import { randomBytes } from "node:crypto";
import type { StreamedUpload } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { PlaintextFacts } from "@s3eg/shared/contracts/crypto.ts";
import type { sealPart as sealPartContract } from "@s3eg/shared/contracts/multipart.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { MAX_PART_BYTES } from "@s3eg/shared/format/layout.ts";
import { sealedPartSizeOf } from "@s3eg/shared/format/sizes.ts";
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { sealPart } from "@s3eg/shared/sealing/parts.ts";
import type { z } from "zod";
import {
  PARK_LIMIT_BYTES,
  type PartAttempt,
  type UploadRecord,
} from "../multipart-state/multipart-state.ts";
import { visibleHeaders } from "../plain-or-sealed.ts";
import { summedPart } from "./part-checksum.ts";
import { checkMayStore, ownEtag } from "./plain-upload.ts";
import {
  abandonUpload,
  customerKeyOf,
  findUpload,
  isBeside,
  keysOf,
  noSuchUpload,
  refOf,
  refusal,
  type UploadRooms,
  uploadRequest,
} from "./uploads.ts";

type SealPart = UploadAnswerer<
  z.infer<typeof sealPartContract.head>,
  PlaintextFacts,
  z.infer<typeof sealPartContract.result>
>;
type Head = z.infer<typeof sealPartContract.head>;

interface Sending {
  readonly requestId: string;
  readonly signal: AbortSignal;
}

const SALT_BYTES = 16;
const MD5_BYTES = 16;

/** Answers `seal-part`. The attempt counts once its state is written; without that the client is told to try again. */
export function sealPartAnswerer(rooms: UploadRooms): SealPart {
  return async (received, { requestId, signal }) => {
    const { head, body } = received;
    try {
      if (head.size > MAX_PART_BYTES) {
        throw new Fault("limit.body-too-large", `a part may hold ${MAX_PART_BYTES} bytes`);
      }
      const upload = await findUpload(rooms.state, head);
      const storing = () => storePart(rooms, { ...received, upload }, { requestId, signal });
      return await rooms.measured.part(upload, head.size, storing);
    } catch (error) {
      body.destroy(error);
      throw await clearerRefusal(rooms, head, error);
    }
  };
}

/** Some backends break where a part meets the Abort of its upload; the client is told what was the matter. */
async function clearerRefusal(rooms: UploadRooms, head: Head, error: unknown): Promise<unknown> {
  const hasBroken =
    isFault(error, "backend.unavailable") ||
    (isFault(error, "backend.refused") && Number(error.details.status) >= 500);
  if (!hasBroken) return error;
  const upload = await rooms.state.find(refOf(head)).catch(() => "unknown");
  return upload === undefined ? noSuchUpload() : error;
}

async function storePart(
  rooms: UploadRooms,
  { head, body: sent, tail, upload }: Parameters<SealPart>[0] & { upload: UploadRecord },
  about: Sending,
): Promise<Awaited<ReturnType<SealPart>>> {
  checkCustomerKey(upload, head.headers);
  checkMayStore(upload, head.mustSeal);
  const { promised, size } = head;
  const { body, facts: learned } = summedPart({ body: sent, size, promised, facts: tail }, upload);
  const salt = randomBytes(SALT_BYTES);
  const stored = upload.isSealed
    ? await storeSealed(rooms, { head, upload, body, salt }, about)
    : await storePlain(rooms, { head, body }, about);
  const { partNumber } = head;
  const { etag, backendEtag } = stored;
  const facts = { ...factsOf(learned()), ...(backendEtag === undefined ? {} : { backendEtag }) };
  const uploadedAtMs = rooms.now();
  const attempt = { partNumber, size, salt, etag, ...facts, uploadedAtMs };
  const { requestId } = about;
  const adding = rooms.state.addAttempt(refOf(head), attempt, stored.ciphertext);
  const added = await adding.catch(async (error: unknown) => {
    // The upload was there when the part came. On some backends a part outlives the Abort that it crossed (S3 API, AbortMultipartUpload).
    if (isFault(error, "state.unknown-upload")) await abandonUpload(rooms, head, requestId);
    throw error;
  });
  if (added.surplus) await sendSurplus(rooms, { head, surplus: added.surplus, requestId });
  const { checksum } = facts;
  return { etag, headers: stored.headers, ...(checksum ? { checksum } : {}) };
}

/** All parts of an upload are under the client's key that it was begun with, or none (S3 API, UploadPart). */
function checkCustomerKey(
  { policy }: UploadRecord,
  headers: Readonly<Record<string, string>>,
): void {
  const begun = customerKeyOf(policy);
  const given = customerKeyOf(headers);
  const isSame = [...Object.keys(begun), ...Object.keys(given)].every(
    (name) => begun[name] === given[name],
  );
  if (!isSame) {
    throw refusal(
      400,
      "InvalidRequest",
      "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
    );
  }
}

interface StoredAttempt {
  readonly etag: string;
  readonly headers: Record<string, string>;
  /** Present where the backend has the part under another one. */
  readonly backendEtag?: string;
  /** Present for a parked attempt. */
  readonly ciphertext?: Uint8Array;
}

async function storeSealed(
  rooms: UploadRooms,
  { head, upload, body, salt }: { head: Head; upload: UploadRecord; body: Body; salt: Uint8Array },
  about: Sending,
): Promise<StoredAttempt> {
  const { keys, suite } = await keysOf(rooms, upload, about.requestId);
  const { partNumber, size } = head;
  const sealed = sealPart(body, { keys, suite }, { partNumber, size, salt });
  const sizeBytes = sealedPartSizeOf(size);
  return sizeBytes < PARK_LIMIT_BYTES && !isBeside(upload)
    ? await park(sealed, size)
    : await send(rooms, { head, bytes: { body: sealed, sizeBytes } }, about);
}

/** Nothing is behind the last part of such an upload, and so none is kept back. */
async function storePlain(
  rooms: UploadRooms,
  { head, body }: { head: Head; body: Body },
  about: Sending,
): Promise<StoredAttempt> {
  const bytes = { body, sizeBytes: head.size };
  const { etag: backendEtag, headers } = await send(rooms, { head, bytes }, about);
  return { etag: ownEtag(), backendEtag, headers };
}

/** Held here until Complete shows whether it is the last part; its ETag is 128 random bits. */
async function park(sealed: Body, size: number): Promise<StoredAttempt> {
  const tooLarge = () => new Fault("internal.bug", "a sealed part is larger than it can be");
  const ciphertext = await collectBody(sealed, sealedPartSizeOf(size), tooLarge);
  return { etag: `"${randomBytes(MD5_BYTES).toString("hex")}"`, headers: {}, ciphertext };
}

async function send(
  { backend }: UploadRooms,
  { head, bytes }: { head: Head; bytes: StreamedUpload },
  { requestId, signal }: Sending,
): Promise<StoredAttempt> {
  const response = await backend.send({
    method: "PUT",
    ...uploadRequest(head, [["partNumber", String(head.partNumber)]]),
    headers: head.headers,
    body: bytes,
    requestId,
    signal,
  });
  if (response.status === 404) {
    await response.text();
    throw noSuchUpload();
  }
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  const etag = response.headers.etag;
  if (!etag) throw new Fault("backend.unavailable", "backend stored a part without an ETag");
  return { etag, headers: visibleHeaders(response.headers) };
}

/** More part numbers are parked than may be: the lowest goes up as it is, where S3's own rule judges it (format.md §7). */
async function sendSurplus(
  { backend, state }: UploadRooms,
  { head, surplus, requestId }: { head: Head; surplus: PartAttempt; requestId: string },
): Promise<void> {
  const ciphertext = await state.parked(refOf(head), surplus);
  if (!ciphertext) return;
  const response = await backend.send({
    method: "PUT",
    ...uploadRequest(head, [["partNumber", String(surplus.partNumber)]]),
    headers: head.headers,
    body: ciphertext,
    requestId,
  });
  if (response.status !== 200) throw await backendFault(response);
  await response.text();
  await state.unpark(refOf(head), surplus, response.headers.etag ?? "");
}

function factsOf({ md5, checksum }: PlaintextFacts): Pick<PartAttempt, "md5" | "checksum"> {
  return {
    ...(md5 === undefined ? {} : { md5 }),
    ...(checksum ? { checksum: { algorithm: checksum.algorithm, value: checksum.value } } : {}),
  };
}
