/** Which suites are opened at all (`encryption.supported_algorithms`): what is sealed with another one is refused. */
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { DataKeys } from "./data-keys.ts";

/** `crypto.not-permitted` for a suite that is not among those that are opened; undefined: all are. */
export function refuseUnreadable(
  suite: SuiteNumber,
  readable: readonly SuiteNumber[] | undefined,
): void {
  if (readable === undefined || readable.includes(suite)) return;
  throw new Fault("crypto.not-permitted", "the settings name no such algorithm for reading");
}

/** The same data keys, but keys is not even asked for one of an object whose suite is not to be opened. */
export function withReadableSuites(
  dataKeys: DataKeys,
  readable: readonly SuiteNumber[] | undefined,
): DataKeys {
  if (readable === undefined) return dataKeys;
  return {
    ...dataKeys,
    async open(sealed, requestId) {
      refuseUnreadable(decodeHeader(sealed.header).suite, readable);
      return await dataKeys.open(sealed, requestId);
    },
    together: (requestId) => withReadableSuites(dataKeys.together(requestId), readable),
  };
}
