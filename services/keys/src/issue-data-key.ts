/** `keys.data-key.issue`: a fresh data key for one object or upload, wrapped for its place under the active key or the one that a policy wishes for (format.md §3, §5). */
import { randomBytes } from "node:crypto";
import type { IssuedDataKey, issueDataKey } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { FLAG, KEY_BYTES } from "@s3eg/shared/format/layout.ts";
import { deriveObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import type { z } from "zod";
import type { ProveKey } from "./canary.ts";
import type { ActiveCustodian } from "./custody/custodian.ts";
import { wrapDataKey } from "./envelopes.ts";

/** Answers with a data key and an object id that nobody had before. `input.invalid` for flags that no header may have. */
export function issueDataKeyAnswerer(custodian: ActiveCustodian, prove?: ProveKey) {
  return async (input: z.infer<typeof issueDataKey.input>): Promise<IssuedDataKey> => {
    const { place, suite, flags, keyWish } = input;
    if ((flags & FLAG.companionManifest) !== 0 && (flags & FLAG.multipart) === 0) {
      throw new Fault("input.invalid", "only a multipart object has a companion manifest");
    }
    const dataKey = randomBytes(KEY_BYTES);
    const objectId = randomBytes(KEY_BYTES);
    try {
      const { commitment } = deriveObjectKeys(dataKey, { objectId, suite, flags });
      const object = { flags, objectId, commitment, place, keyWish, prove };
      return { ...(await wrapDataKey(custodian, dataKey, object)), dataKey, objectId, commitment };
    } catch (error) {
      dataKey.fill(0);
      throw error;
    }
  };
}
