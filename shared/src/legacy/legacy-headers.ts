/** What a client sees of the headers of an object of format 1 (docs/format-1.md §2). */
import type { HeaderFields } from "../backend/backend.ts";
import { isLegacyHeader, legacyMetadataOf } from "./legacy-metadata.ts";

/** Content headers that were kept in metadata, because the backend had none of the client's. */
const KEPT: Readonly<Record<string, string>> = {
  "encryption-content-type": "content-type",
  "encryption-cache-control": "cache-control",
  "encryption-content-disposition": "content-disposition",
};
/** 0.1.0 kept the client's own header so, next to names with the prefix twice. */
const FIRST_CONTENT_TYPE = "x-amz-meta-content-type";
const FIRST_CONTENT_LENGTH = "x-amz-meta-content-length";

/** The backend's headers with the gateway's metadata taken out, and the client's content headers put back. */
export function legacyHeaders(headers: HeaderFields): HeaderFields {
  const metadata = legacyMetadataOf(headers);
  if (!metadata) return headers;
  const isFirst = headers["x-amz-meta-x-amz-meta-encrypted"] !== undefined;
  const shown = Object.entries(headers).filter(
    ([name]) =>
      !isLegacyHeader(name) &&
      !(isFirst && (name === FIRST_CONTENT_TYPE || name === FIRST_CONTENT_LENGTH)),
  );
  const firstType = isFirst ? headers[FIRST_CONTENT_TYPE] : undefined;
  const kept = Object.entries(KEPT).flatMap(([name, header]) => {
    const value = metadata.get(name);
    return value ? [[header, value] as const] : [];
  });
  return {
    ...Object.fromEntries(shown),
    ...(firstType ? { "content-type": firstType } : {}),
    ...Object.fromEntries(kept),
  };
}
