/** Data keys under the FIPS profile: none is asked for where the object's suite is not the profile's. */
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { refuseUnapprovedSuite } from "@s3eg/shared/sealing/fips.ts";
import type { DataKeys } from "./data-keys.ts";

/** The same data keys, but `crypto.not-permitted` for another suite than AES-256-GCM. */
export function fipsDataKeys(dataKeys: DataKeys): DataKeys {
  return {
    ...dataKeys,
    async issue(object, requestId) {
      refuseUnapprovedSuite(object.suite);
      return await dataKeys.issue(object, requestId);
    },
    async open(sealed, requestId) {
      refuseUnapprovedSuite(decodeHeader(sealed.header).suite);
      return await dataKeys.open(sealed, requestId);
    },
    together: (requestId) => fipsDataKeys(dataKeys.together(requestId)),
  };
}
