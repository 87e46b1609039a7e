/** `keys.data-key.unwrap`: the data key of a header, if the header is genuine and was made for this place (format.md §5). */
import type { UnwrappedDataKey, unwrapDataKey } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import type { z } from "zod";
import type { Custodian, KeyRef } from "./custody/custodian.ts";
import { openEnvelope } from "./envelopes.ts";

/** Answers after every check of the envelope and the header; `onOpened` is told the key that the data key was under. */
export function unwrapDataKeyAnswerer(custodian: Custodian, onOpened?: (key: KeyRef) => void) {
  return async (input: z.infer<typeof unwrapDataKey.input>): Promise<UnwrappedDataKey> => {
    const header = decodeHeader(input.header);
    const { dataKey } = await openEnvelope(custodian, header, input.place);
    onOpened?.(header);
    return { dataKey };
  };
}
