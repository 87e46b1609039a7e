/** Which objects without a header of format 2 a bucket's policy lets be read (format.md §12). */
import type { HeaderFields } from "../backend/backend.ts";
import { type Contents, mayReadPlain } from "../contracts/crypto.ts";
import { Fault } from "../faults.ts";
import { refuseStrayMetadata } from "../sealing/sealed-metadata.ts";
import { legacyMetadataOf } from "./legacy-metadata.ts";

/**
 * Refuses the object of these headers (`crypto.not-sealed`), unless `contents` lets it be read; the refusal names the value that would.
 * One that has sealed metadata has lost its header (`crypto.integrity`), whatever may be read.
 */
export function refuseUnsealed(headers: HeaderFields, contents: Contents): void {
  refuseStrayMetadata(headers);
  const isLegacy = legacyMetadataOf(headers) !== undefined;
  if (mayReadPlain(contents) || (isLegacy && contents === "sealed+legacy")) return;
  const what = isLegacy ? "sealed in the format of before" : "not sealed";
  const wanted = isLegacy ? "sealed+legacy" : "mixed";
  throw new Fault(
    "crypto.not-sealed",
    `object is ${what}; policy \`contents: ${wanted}\` would let it be read`,
  );
}
