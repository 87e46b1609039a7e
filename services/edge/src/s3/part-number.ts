/** `partNumber` of GetObject and HeadObject (S3 API, GetObject): all of an object that was not uploaded in parts is its part 1. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";
import type { Query } from "../s3-request.ts";
import { checksumHeaders, wantsChecksum } from "./checksum-headers.ts";
import { type S3Error, s3Error } from "./errors.ts";

const MAX_PART_NUMBER = 10_000;

/** The part asked for; undefined where the whole object or a range of it is. Throws `InvalidArgument`, `InvalidRequest`. */
export function partNumberOf({
  query,
  headers,
}: {
  query: Query;
  headers: HeaderFields;
}): number | undefined {
  const value = query.get("partNumber");
  if (value === undefined) return undefined;
  const part = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (part < 1 || part > MAX_PART_NUMBER) {
    throw s3Error("InvalidArgument", {
      message: `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
      fields: { ArgumentName: "partNumber", ArgumentValue: value },
    });
  }
  if (headers.range !== undefined) {
    throw s3Error("InvalidRequest", {
      message: "Cannot specify both Range header and partNumber query parameter",
    });
  }
  return part;
}

/** What an object that has so many parts says of any that it does not have. */
export function noSuchPart(part: number, count: number): S3Error {
  return s3Error("InvalidPartNumber", {
    fields: { ActualPartCount: count, PartNumberRequested: part },
  });
}

/** Answer headers about a part of an object that was uploaded in parts: how many there are, and its checksum where the client asks for it. */
export function partHeaders(
  asked: HeaderFields,
  part: { readonly count: number; readonly checksum?: ObjectFacts["checksum"] } | undefined,
): HeaderFields {
  if (!part) return {};
  const checksum = wantsChecksum(asked) ? checksumHeaders(part.checksum) : {};
  return { "x-amz-mp-parts-count": String(part.count), ...checksum };
}
