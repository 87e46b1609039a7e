/** `keys.header.reissue`: a header of one place, wrapped anew for another (format.md §9). The object's bytes stay as they are. */
import type { ReissuedHeader, reissueHeader } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { headerMac } from "@s3eg/shared/sealing/object-keys.ts";
import type { z } from "zod";
import type { ProveKey } from "./canary.ts";
import type { ActiveCustodian } from "./custody/custodian.ts";
import { openEnvelope, wrapDataKey } from "./envelopes.ts";

/** Answers with a header that differs in its envelope and MAC alone: under the active key or the one wished for, bound to `to`. */
export function reissueHeaderAnswerer(custodian: ActiveCustodian, prove?: ProveKey) {
  return async (input: z.infer<typeof reissueHeader.input>): Promise<ReissuedHeader> => {
    const header = decodeHeader(input.header);
    const { dataKey, keys } = await openEnvelope(custodian, header, input.from);
    try {
      const { to: place, keyWish } = input;
      const envelope = await wrapDataKey(custodian, dataKey, { ...header, place, keyWish, prove });
      const mac = (macInput: Buffer) => headerMac(keys, macInput);
      return { header: encodeHeader({ ...header, ...envelope }, mac) };
    } finally {
      dataKey.fill(0);
    }
  };
}
