/** `crypto.metadata.open`: the metadata of an object whose head edge has read; its header is proven by the way (format.md §11). */
import type { Asked } from "@s3eg/shared/bus/bus.ts";
import type { openMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { openMetadata as openValue } from "@s3eg/shared/sealing/sealed-metadata.ts";
import type { z } from "zod";
import type { DataKeys } from "./data-keys.ts";

type Input = z.infer<typeof openMetadata.input>;

/** Answers with the metadata, or without any where the object's are not sealed. `crypto.integrity` where header and value do not belong together. */
export function openMetadataAnswerer({ dataKeys }: { dataKeys: DataKeys }) {
  return async (
    { header, sealed, place }: Input,
    { requestId }: Pick<Asked, "requestId">,
  ): Promise<{ metadata?: Record<string, string> }> => {
    const proven = await dataKeys.open({ header, place }, requestId);
    const metadata = openValue(sealed === undefined ? {} : { [METADATA_FIELD]: sealed }, proven);
    return metadata ? { metadata } : {};
  };
}
