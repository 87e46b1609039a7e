/** `partNumber` of GetObject and HeadObject, for objects that were not uploaded in parts: part 1 is all of it (S3 API, GetObject). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Query } from "../s3-request.ts";
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

/** What an object that has one part says of any other. */
export function noSuchPart(part: number): S3Error {
  return s3Error("InvalidPartNumber", {
    fields: { ActualPartCount: 1, PartNumberRequested: part },
  });
}
