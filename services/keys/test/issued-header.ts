/** A header as crypto makes it of an issued data key, for tests. */
import type { Place, Suite } from "@s3eg/shared/contracts/keys.ts";
import { type FaultCode, isFault } from "@s3eg/shared/faults.ts";
import { encodeHeader, type ObjectHeaderFields } from "@s3eg/shared/format/header.ts";
import { deriveObjectKeys, headerMac } from "@s3eg/shared/sealing/object-keys.ts";
import type { ActiveCustodian } from "../src/custody/custodian.ts";
import { issueDataKeyAnswerer } from "../src/issue-data-key.ts";

export const place: Place = { bucket: "photos", key: "2024/ä b.jpg" };

/** Issues a data key and gives it with its header; `change` edits the header's fields, whose MAC is then right all the same. */
export async function issuedHeader(
  custodian: ActiveCustodian,
  object: { suite?: Suite; flags?: number; place?: Place } = {},
  change: Partial<ObjectHeaderFields> = {},
): Promise<{ header: string; dataKey: Buffer }> {
  const { suite = 1, flags = 0 } = object;
  const asked = { place: object.place ?? place, suite, flags };
  const issued = await issueDataKeyAnswerer(custodian)(asked);
  const { dataKey, objectId, commitment, wrappedKey } = issued;
  const keys = deriveObjectKeys(dataKey, { objectId, suite, flags });
  const fields: ObjectHeaderFields = {
    suite,
    flags,
    objectId,
    commitment,
    plaintextSize: (flags & 1) === 0 ? 1234 : undefined,
    createdAtMs: 1_700_000_000_000,
    ...custodian.activeKey,
    wrappedKey,
    ...change,
  };
  const header = encodeHeader(fields, (macInput) => headerMac(keys, macInput));
  return { header, dataKey: Buffer.from(dataKey) };
}

/** True for a fault of that code, for `assert.rejects`. */
export function is(code: FaultCode): (error: unknown) => boolean {
  return (error) => isFault(error, code);
}
