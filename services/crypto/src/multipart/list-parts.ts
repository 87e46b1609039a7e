/** ListParts' step in crypto: the state knows plaintext sizes and parked parts; the backend knows neither. */
import type { ListedPart, listParts } from "@s3eg/shared/contracts/multipart.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import type { DownloadAnswerer } from "@s3eg/shared/http/transfer.ts";
import type { z } from "zod";
import type { PartAttempt } from "../multipart-state/multipart-state.ts";
import { findUpload, refOf, type UploadRooms } from "./uploads.ts";

type ListParts = DownloadAnswerer<z.infer<typeof listParts.head>, z.infer<typeof listParts.result>>;

/** Answers `list-parts` with the latest attempt at each part. */
export function listPartsAnswerer({ state }: UploadRooms): ListParts {
  return async (head) => {
    const { checksum } = await findUpload(state, head);
    const bytes = Buffer.from(JSON.stringify(latestParts(await state.attempts(refOf(head)))));
    return {
      result: checksum ? { checksum } : {},
      body: bodyOfBytes(bytes),
      sizeBytes: bytes.byteLength,
    };
  };
}

function latestParts(attempts: readonly PartAttempt[]): ListedPart[] {
  const inOrder = [...attempts].sort(
    (a, b) => a.partNumber - b.partNumber || a.sequence - b.sequence,
  );
  return inOrder
    .filter(({ partNumber }, index) => inOrder[index + 1]?.partNumber !== partNumber)
    .map(({ partNumber, size, etag, md5, uploadedAtMs, checksum }) => ({
      partNumber,
      size,
      etag,
      ...(md5 === undefined ? {} : { md5 }),
      lastModifiedMs: uploadedAtMs,
      ...(checksum ? { checksum } : {}),
    }));
}
