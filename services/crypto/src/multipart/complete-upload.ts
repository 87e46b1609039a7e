/** CompleteMultipartUpload's step in crypto: the manifest is sealed into the object, then the backend completes it (format.md §7). */
import { CompletedPart, completeUpload } from "@s3eg/shared/contracts/multipart.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { hasRoomForCompanion } from "@s3eg/shared/format/companion.ts";
import { totalSizeOf } from "@s3eg/shared/format/manifest.ts";
import { collectBody } from "@s3eg/shared/http/body.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { sealedBytesOf, sealRegion } from "@s3eg/shared/sealing/manifest-region.ts";
import { z } from "zod";
import type { PartAttempt, UploadRecord } from "../multipart-state/multipart-state.ts";
import { type Completing, completeOnBackend, storePart } from "./backend-complete.ts";
import { dropCompanion, storeCompanion } from "./companion-manifest.ts";
import { completedObject, mayHaveEnded } from "./completed-object.ts";
import { heldEtags } from "./held-parts.ts";
import { completePlain } from "./plain-upload.ts";
import { type RegionPlace, regionPlaceOf } from "./region-place.ts";
import { contestedParts, selectParts } from "./select-parts.ts";
import { manifestOf, md5OfMd5s } from "./upload-manifest.ts";
import { findUpload, isBeside, keysOf, keyTooLong, refOf, type UploadRooms } from "./uploads.ts";
import { shownChecksum, type WholeChecksum, wholeChecksum } from "./whole-checksum.ts";

type Complete = UploadAnswerer<
  z.infer<typeof completeUpload.head>,
  Record<string, never>,
  z.infer<typeof completeUpload.result>
>;
type Head = z.infer<typeof completeUpload.head>;
type Result = z.infer<typeof completeUpload.result>;

interface Storing {
  readonly parts: readonly PartAttempt[];
  readonly place: RegionPlace;
  readonly region: Buffer;
}

const MAX_LIST_BYTES = 4 * 1024 * 1024;
const CompletedParts = z.array(CompletedPart);

/** Answers `complete-upload`. A Complete that is repeated, or that another was faster than, gets the other's answer. */
export function completeUploadAnswerer(rooms: UploadRooms): Complete {
  return async ({ head, body }, { requestId }) => {
    const completed = await readParts(body);
    const before = await answeredBefore(rooms, head);
    if (before) return before;
    let upload: UploadRecord | undefined;
    try {
      upload = await findUpload(rooms.state, head);
      const result = await complete(rooms, { head, upload, completed, requestId });
      rooms.measured.completed(upload, "success");
      return result;
    } catch (error) {
      const isOver = isFault(error, "state.unknown-upload") || mayHaveEnded(error);
      const meanwhile = isOver ? await answeredBefore(rooms, head) : undefined;
      if (meanwhile) return meanwhile;
      rooms.measured.completed(upload, "failed");
      throw error;
    }
  };
}

async function answeredBefore({ state }: UploadRooms, head: Head): Promise<Result | undefined> {
  const kept = await state.completedResult(refOf(head));
  return kept === undefined ? undefined : completeUpload.result.parse(JSON.parse(kept));
}

async function complete(
  rooms: UploadRooms,
  { head, upload, completed, requestId }: Completing & { completed: CompletedPart[] },
): Promise<Result> {
  const attempts = await rooms.state.attempts(refOf(head));
  const contested = contestedParts(completed, attempts);
  const held =
    contested.length === 0 ? undefined : await heldEtags(rooms, { head, requestId }, contested);
  const parts = selectParts(completed, attempts, held);
  checkTotal(head, parts);
  const checksum = wholeChecksum(parts, upload.checksum);
  checkStated(head, checksum, parts.length);
  const completing = { head, upload, requestId };
  if (!upload.isSealed) {
    const plain = await completePlain(rooms, completing, parts);
    await rooms.state.complete(refOf(head), JSON.stringify(plain));
    return plain;
  }
  const place = regionPlaceOf(parts, attempts, isBeside(upload));
  if (place.kind === "beside" && !hasRoomForCompanion(upload.key)) throw keyTooLong();
  const { keys, suite } = await keysOf(rooms, upload, requestId);
  const manifest = manifestOf(parts, checksum);
  const region = sealRegion(manifest, { keys, suite }, place.partCount);
  const isInside = place.kind !== "beside";
  const tail = isInside ? region : Buffer.alloc(0);
  const expected = { tail, storedSize: sealedBytesOf(manifest) + tail.byteLength };
  const result = await store(rooms, completing, { parts, place, region }).catch(
    async (error: unknown) => {
      const made = mayHaveEnded(error)
        ? await completedObject(rooms, completing, expected)
        : undefined;
      if (made) return made;
      if (!isInside && isRefused(error)) await dropCompanion(rooms, upload, requestId);
      throw error;
    },
  );
  rooms.measured.stored({
    bytes: totalSizeOf(manifest.parts),
    location: isInside ? "inline" : "fallback",
    manifestBytes: region.byteLength,
  });
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
}

/** True where the backend will not complete these parts, now or later: others may still be completed, with another manifest. */
function isRefused(error: unknown): boolean {
  return (
    isFault(error, "backend.refused") &&
    Number(error.details.status) < 500 &&
    error.details.s3Code !== "OperationAborted"
  );
}

/** Stores the region where it belongs, then has the backend complete the object. */
async function store(
  rooms: UploadRooms,
  completing: Completing,
  { parts, place, region }: Storing,
): Promise<Result> {
  const stored = parts.map(({ partNumber, etag, backendEtag }) => ({
    partNumber,
    etag: backendEtag ?? etag,
  }));
  const { upload, requestId } = completing;
  if (place.kind === "beside") {
    await storeCompanion(rooms, upload, { region, requestId });
    return await completeOnBackend(rooms, completing, stored);
  }
  const isJoined = place.kind === "joined";
  const last = parts.at(-1);
  const ciphertext =
    isJoined && last ? await rooms.state.parked(refOf(completing.head), last) : Buffer.alloc(0);
  if (!ciphertext) throw new Fault("state.unavailable", "a parked part is not there any more");
  const bytes = Buffer.concat([ciphertext, region]);
  const own = await storePart(rooms, completing, { partNumber: place.partNumber, bytes });
  const others = isJoined ? stored.slice(0, -1) : stored;
  return await completeOnBackend(rooms, completing, [...others, own]);
}

async function readParts(body: Parameters<typeof collectBody>[0]): Promise<CompletedPart[]> {
  const tooLarge = () => new Fault("input.malformed-xml", "list of parts is too long");
  const bytes = await collectBody(body, MAX_LIST_BYTES, tooLarge);
  const parsed = CompletedParts.safeParse(JSON.parse(bytes.toString("utf8")));
  if (!parsed.success) throw new Fault("input.malformed-xml", "list of parts is malformed");
  return parsed.data;
}

/** What the bucket's policy allows, of all parts together; nothing of the object is there yet. */
function checkTotal({ maxObjectBytes }: Head, parts: readonly PartAttempt[]): void {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (maxObjectBytes === undefined || size <= maxObjectBytes) return;
  throw new Fault(
    "limit.body-too-large",
    `an object of this bucket may have ${maxObjectBytes} bytes`,
  );
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
