/** Conditional headers (RFC 9110 §13), mapped so that the backend evaluates them, atomically, on its own ETags. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { backendCondition, type KnownEtag } from "./etags.ts";

const ETAG_CONDITIONS = ["if-match", "if-none-match"];
const TIME_CONDITIONS = ["if-modified-since", "if-unmodified-since"];
const SOURCE_PREFIX = "x-amz-copy-source-";

/** The conditions of a request on the object it names; `known` is the ETag that object has now, where it has to be known. */
export function objectConditions(headers: HeaderFields, known?: KnownEtag): HeaderFields {
  return conditions(headers, "", known);
}

/** The conditions of a copy on its source, under the names that a read of the source takes them. */
export function sourceConditions(headers: HeaderFields, known?: KnownEtag): HeaderFields {
  return conditions(headers, SOURCE_PREFIX, known);
}

/** The Range header, unless it depends on If-Range: then the whole object is sent, as RFC 9110 §14.2 allows, and never the part of another one. */
export function rangeOf(headers: HeaderFields): string | undefined {
  return headers["if-range"] === undefined ? headers.range : undefined;
}

function conditions(
  headers: HeaderFields,
  prefix: string,
  known: KnownEtag | undefined,
): HeaderFields {
  const mapped: Record<string, string> = {};
  for (const name of ETAG_CONDITIONS) {
    const value = headers[prefix + name];
    if (value !== undefined) mapped[name] = backendCondition(value, known);
  }
  for (const name of TIME_CONDITIONS) {
    const value = headers[prefix + name];
    if (value !== undefined) mapped[name] = value;
  }
  return mapped;
}
