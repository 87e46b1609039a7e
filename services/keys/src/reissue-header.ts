/** `keys.header.reissue`: a header of one place, wrapped anew for another (format.md §9). The object's bytes stay as they are. */
import type { ReissuedHeader, reissueHeader } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG } from "@s3eg/shared/format/layout.ts";
import { headerMac } from "@s3eg/shared/sealing/object-keys.ts";
import type { z } from "zod";
import type { ProveKey } from "./canary.ts";
import type { ActiveCustodian } from "./custody/custodian.ts";
import { openEnvelope, wrapDataKey } from "./envelopes.ts";

/** Answers with a header that differs in its envelope, its MAC and, where that is wished, the flag of sealed metadata: under the active key or the one wished for, bound to `to`. */
export function reissueHeaderAnswerer(custodian: ActiveCustodian, prove?: ProveKey) {
  return async (input: z.infer<typeof reissueHeader.input>): Promise<ReissuedHeader> => {
    const header = decodeHeader(input.header);
    const { dataKey, keys } = await openEnvelope(custodian, header, input.from);
    try {
      const { to: place, keyWish } = input;
      const fields = { ...header, flags: flagsOf(header.flags, input.sealsMetadata) };
      const envelope = await wrapDataKey(custodian, dataKey, { ...fields, place, keyWish, prove });
      const mac = (macInput: Buffer) => headerMac(keys, macInput);
      return { header: encodeHeader({ ...fields, ...envelope }, mac) };
    } finally {
      dataKey.fill(0);
    }
  };
}

/** The derivation of an object's keys knows the other flags; this one may change (format.md §3, §9). */
function flagsOf(flags: number, sealsMetadata: boolean | undefined): number {
  if (sealsMetadata === undefined) return flags;
  return sealsMetadata ? flags | FLAG.sealedMetadata : flags & ~FLAG.sealedMetadata;
}
