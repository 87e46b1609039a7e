/** The plaintext size of an object of format 1 as far as its headers tell, unverified (docs/format-1.md §7). */
import type { HeaderFields } from "../backend/backend.ts";
import { Fault } from "../faults.ts";
import { TAG_BYTES } from "../format/layout.ts";
import { plainBytesOf } from "./legacy-chunks.ts";
import { legacyObjectOf } from "./legacy-object.ts";

/**
 * Size in bytes; undefined where only opening the object tells. `crypto.integrity` where what is recorded and what is stored do not go
 * together: the object was cut.
 */
export function legacySizeOf(headers: HeaderFields, storedBytes: number): number | undefined {
  const legacy = legacyObjectOf(headers);
  if (!legacy || legacy.layout === "multipart") return undefined;
  const { originalSize, isGzip } = legacy.seal;
  if (legacy.layout === "inner" || legacy.layout === "front" || isGzip) return originalSize;
  const size =
    legacy.layout === "chunked"
      ? plainBytesOf(storedBytes, legacy.chunks.chunkBytes)
      : storedBytes - TAG_BYTES;
  if (size >= 0 && (originalSize === undefined || originalSize === size)) return size;
  throw new Fault("crypto.integrity", "stored object does not have its recorded size: it was cut");
}
