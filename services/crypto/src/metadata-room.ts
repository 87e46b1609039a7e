/** Room for the gateway's header among an object's user metadata (format.md §4). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { Fault } from "@s3eg/shared/faults.ts";

/** User metadata that S3 takes with an object: names (after the prefix) and values together (S3 API, PutObject). */
const MAX_METADATA_BYTES = 2048;
const METADATA_PREFIX = "x-amz-meta-";

/** Refuses metadata that leaves no room, with `limit.metadata-too-large`. */
export function checkMetadataRoom(headers: HeaderFields): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(METADATA_PREFIX)) {
      bytes += name.length - METADATA_PREFIX.length + value.length;
    }
  }
  if (bytes > MAX_METADATA_BYTES) {
    const details = { Size: bytes, MaxSizeAllowed: MAX_METADATA_BYTES };
    const message = "user metadata leaves no room for the object header";
    throw new Fault("limit.metadata-too-large", message, { details });
  }
}
