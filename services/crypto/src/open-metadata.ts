/** `open-metadata`: the metadata of an object whose head edge has read; its header is proven by the way (format.md §11). */
import type { openMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import type { DownloadAnswerer } from "@s3eg/shared/http/transfer.ts";
import { openMetadata as openValue } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import type { DataKeys } from "./data-keys.ts";

type OpenMetadata = DownloadAnswerer<
  z.infer<typeof openMetadata.head>,
  z.infer<typeof openMetadata.result>
>;

/** Answers with the metadata, or without any where the object's are not sealed. `crypto.integrity` where header and value do not belong together. */
export function openMetadataAnswerer({ dataKeys }: { dataKeys: DataKeys }): OpenMetadata {
  return async ({ header, sealed, place }, { requestId }) => {
    const proven = await dataKeys.open({ header, place }, requestId);
    const metadata = openValue(sealed === undefined ? {} : { [METADATA_FIELD]: sealed }, proven);
    const nothing = { body: bodyOfBytes(Buffer.alloc(0)), sizeBytes: 0 };
    return { result: metadata ? { metadata } : {}, ...nothing };
  };
}
