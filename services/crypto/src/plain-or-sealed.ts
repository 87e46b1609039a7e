/** What both ways of reading share: hiding what is the gateway's. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";

/** Headers a client may see: everything of the backend's answer but the gateway's own metadata. */
export function visibleHeaders(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(HEADER_FIELD)),
  );
}
