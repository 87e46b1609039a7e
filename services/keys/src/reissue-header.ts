/** Re-issuing a header: the same data key, wrapped anew under the active version, for the same or another place (format.md §9). */
import type { ReissuedHeader, reissueHeader } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { bindingOf, packPayload } from "@s3eg/shared/sealing/envelope.ts";
import { headerMac, openHeader } from "@s3eg/shared/sealing/object-keys.ts";
import type { z } from "zod";
import type { Custodian } from "./custody/custodian.ts";
import { unwrapHeader } from "./unwrap-data-key.ts";

/** Answers `keys.header.reissue`. Suite, flags, object id, commitment, size and creation time stay. */
export function reissueHeaderAnswerer(custodian: Custodian) {
  return async ({
    header,
    from,
    to,
  }: z.infer<typeof reissueHeader.input>): Promise<ReissuedHeader> => {
    const old = decodeHeader(header);
    const dataKey = await unwrapHeader(custodian, old, from);
    const key = custodian.activeKey;
    const binding = bindingOf({ ...old, ...key, place: to });
    const payload = packPayload(dataKey, binding);
    try {
      const keys = openHeader(old, dataKey);
      const wrappedKey = await custodian.wrap(payload, { key, binding });
      return {
        header: encodeHeader({ ...old, ...key, wrappedKey }, (input) => headerMac(keys, input)),
      };
    } finally {
      dataKey.fill(0);
      payload.fill(0);
    }
  };
}
