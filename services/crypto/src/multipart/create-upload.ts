/** CreateMultipartUpload's step in crypto: a data key for the upload, its header stored with it, its state written. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { createUpload } from "@s3eg/shared/contracts/multipart.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { hasRoomForCompanion } from "@s3eg/shared/format/companion.ts";
import { namedKeyOf } from "@s3eg/shared/format/header.ts";
import { FLAG } from "@s3eg/shared/format/layout.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import type { z } from "zod";
import { checkMetadataRoom } from "../metadata-room.ts";
import { storedHeaders } from "../object-metadata.ts";
import { visibleHeaders } from "../plain-or-sealed.ts";
import { abandonUpload, customerKeyOf, keyTooLong, type UploadRooms } from "./uploads.ts";

type CreateUpload = UploadAnswerer<
  z.infer<typeof createUpload.head>,
  Record<string, never>,
  z.infer<typeof createUpload.result>
>;

/** Answers `create-upload`. An upload whose state can't be written is aborted at once: nobody could add to it. */
export function createUploadAnswerer(rooms: UploadRooms): CreateUpload {
  return async ({ head, body }, { requestId }) => {
    await body.pump(() => undefined);
    const { target, place, suite, headers, checksum, isSealed = true } = head;
    const { header, stored } = isSealed ? await sealed(rooms, head, requestId) : plain(headers);
    const response = await rooms.backend.send({
      method: "POST",
      bucket: target.bucket,
      key: target.key,
      identity: target.identity,
      query: [["uploads", ""]],
      headers: stored,
      requestId,
    });
    if (response.status !== 200) throw await backendFault(response);
    const uploadId = parseXml(await response.text()).textOf("UploadId") ?? "";
    if (uploadId === "")
      throw new Fault("backend.unavailable", "backend began an upload without an id");
    try {
      await rooms.state.create({
        uploadId,
        bucket: target.bucket,
        key: target.key,
        boundBucket: place.bucket,
        header,
        suite,
        isSealed,
        ...(checksum ? { checksum } : {}),
        ...(target.identity === undefined ? {} : { identity: target.identity }),
        createdAtMs: rooms.now(),
        // Sealed with the rest of the state, and gone with the upload.
        policy: customerKeyOf(headers),
      });
    } catch (error) {
      await abandonUpload(rooms, { target, uploadId }, requestId);
      throw error;
    }
    const wrapped = isSealed ? { wrappedUnder: namedKeyOf(header) } : {};
    return { uploadId, ...wrapped, headers: visibleHeaders(response.headers) };
  };
}

/** What an upload that is not sealed is stored with. */
function plain(stored: HeaderFields): { header: string; stored: HeaderFields } {
  checkMetadataRoom(stored);
  return { header: "", stored };
}

/** Header and header fields of an object in parts. Where the backend wants them of one size, the header says that the manifest is beside the object. */
async function sealed(
  { dataKeys, needsEqualParts = false }: UploadRooms,
  {
    target,
    place,
    suite,
    headers,
    keyWish,
    sealsMetadata = false,
  }: Parameters<CreateUpload>[0]["head"],
  requestId: string,
): Promise<{ header: string; stored: HeaderFields }> {
  if (needsEqualParts && !hasRoomForCompanion(target.key)) throw keyTooLong();
  const flags =
    FLAG.multipart |
    (needsEqualParts ? FLAG.companionManifest : 0) |
    (sealsMetadata ? FLAG.sealedMetadata : 0);
  const object = { place, suite, flags, size: undefined, keyWish };
  const issued = await dataKeys.issue(object, requestId);
  return { header: issued.header, stored: storedHeaders(headers, issued, sealsMetadata) };
}
