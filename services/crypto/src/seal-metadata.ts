/** `seal-metadata`: metadata sealed under a header that was re-issued; the bytes of its object stay where they are (format.md §9, §11). */
import type { sealMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { HEADER_FIELD, METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import type { UploadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { sealMetadata as sealValue } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import type { DataKeys } from "./data-keys.ts";
import { checkMetadataRoom } from "./metadata-room.ts";

type SealMetadata = UploadAnswerer<
  z.infer<typeof sealMetadata.head>,
  Record<string, never>,
  z.infer<typeof sealMetadata.result>
>;

/** Answers with the value to store beside the header; `limit.metadata-too-large` where there is no room for both. */
export function sealMetadataAnswerer({ dataKeys }: { dataKeys: DataKeys }): SealMetadata {
  return async ({ head, body }, { requestId }) => {
    await body.pump(() => undefined);
    const { header, place, metadata } = head;
    const sealed = sealValue(metadata, await dataKeys.open({ header, place }, requestId));
    checkMetadataRoom({ [HEADER_FIELD]: header, [METADATA_FIELD]: sealed });
    return { sealed };
  };
}
