/** `keys.data-key.unwrap`: the data key of a header, if the header is genuine and was made for this place (format.md §5). */
import type { UnwrappedDataKey, unwrapDataKey } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import type { z } from "zod";
import type { Custodian } from "./custody/custodian.ts";
import { openEnvelope } from "./envelopes.ts";

/** Answers after every check of the envelope and the header. */
export function unwrapDataKeyAnswerer(custodian: Custodian) {
  return async (input: z.infer<typeof unwrapDataKey.input>): Promise<UnwrappedDataKey> => {
    const header = decodeHeader(input.header);
    const { dataKey } = await openEnvelope(custodian, header, input.place);
    return { dataKey };
  };
}
