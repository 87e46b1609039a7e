/** Issuing a data key: fresh, wrapped for its object's place under the active version, given to whoever asked (format.md §3, §5). */
import { randomBytes } from "node:crypto";
import type { IssuedDataKey, issueDataKey } from "@s3eg/shared/contracts/keys.ts";
import { bindingOf, packPayload } from "@s3eg/shared/sealing/envelope.ts";
import { deriveObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import type { z } from "zod";
import type { Custodian } from "./custody/custodian.ts";

/** Answers `keys.data-key.issue`. */
export function issueDataKeyAnswerer(custodian: Custodian) {
  return async ({
    place,
    suite,
    flags,
  }: z.infer<typeof issueDataKey.input>): Promise<IssuedDataKey> => {
    const dataKey = randomBytes(32);
    const objectId = randomBytes(32);
    const { commitment } = deriveObjectKeys(dataKey, { objectId, suite, flags });
    const key = custodian.activeKey;
    const binding = bindingOf({ ...key, flags, objectId, commitment, place });
    const payload = packPayload(dataKey, binding);
    try {
      const wrappedKey = await custodian.wrap(payload, { key, binding });
      return {
        ...key,
        dataKey: dataKey.toString("base64"),
        objectId: objectId.toString("base64"),
        commitment: commitment.toString("base64"),
        wrappedKey: Buffer.from(wrappedKey).toString("base64"),
      };
    } finally {
      dataKey.fill(0);
      payload.fill(0);
    }
  };
}
