/** Unwrapping a data key: only for a header that names a configured version, and only for the place it was made for (format.md §5). */
import type { Place, UnwrappedDataKey, unwrapDataKey } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader, type ObjectHeader } from "@s3eg/shared/format/header.ts";
import { bindingOf, unpackPayload } from "@s3eg/shared/sealing/envelope.ts";
import { openHeader } from "@s3eg/shared/sealing/object-keys.ts";
import type { z } from "zod";
import { type Custodian, isSameKey } from "./custody/custodian.ts";

/** Answers `keys.data-key.unwrap`. */
export function unwrapDataKeyAnswerer(custodian: Custodian) {
  return async ({
    header,
    place,
  }: z.infer<typeof unwrapDataKey.input>): Promise<UnwrappedDataKey> => {
    const dataKey = await unwrapHeader(custodian, decodeHeader(header), place);
    try {
      return { dataKey: dataKey.toString("base64") };
    } finally {
      dataKey.fill(0);
    }
  };
}

/** The data key of a header, proven to belong to it and to the place. The caller wipes it. */
export async function unwrapHeader(
  custodian: Custodian,
  header: ObjectHeader,
  place: Place,
): Promise<Buffer> {
  const key = custodian.readableKeys.find((known) => isSameKey(known, header));
  // Before anything is asked of a key service: a header's bytes decide nothing but which configured version to try.
  if (!key) {
    throw new Fault(
      "keys.unknown-key",
      `object names key version ${header.keyVersion} of ${header.provider}, which is not configured`,
    );
  }
  const binding = bindingOf({ ...header, ...key, place });
  const dataKey = unpackPayload(
    await custodian.unwrap(header.wrappedKey, { key, binding }),
    binding,
  );
  try {
    openHeader(header, dataKey);
    return dataKey;
  } catch (error) {
    dataKey.fill(0);
    throw error;
  }
}
