/** Conditions on reads, copies, writes and deletes, with S3's precedence (S3 API, GetObject "Additional considerations"). */
import type { HeaderFields } from "../s3-request.ts";
import type { Guard } from "../store/bucket.ts";
import type { ObjectVersion } from "../store/records.ts";
import { invalidArgument, S3Error } from "./errors.ts";

type Verdict = "ok" | "failed" | "not-modified";

/** Throws PreconditionFailed or NotModified unless the object may be read. */
export function checkRead(headers: HeaderFields, version: ObjectVersion): void {
  const verdict = judge({
    version,
    ifMatch: headers["if-match"],
    ifNoneMatch: headers["if-none-match"],
    ifModifiedSince: headers["if-modified-since"],
    ifUnmodifiedSince: headers["if-unmodified-since"],
  });
  if (verdict === "failed") {
    throw preconditionFailed(
      headers["if-match"] !== undefined ? "If-Match" : "If-Unmodified-Since",
    );
  }
  if (verdict === "not-modified") throw new S3Error("NotModified");
}

/** Throws PreconditionFailed unless the object may be copied. */
export function checkCopySource(headers: HeaderFields, version: ObjectVersion): void {
  const verdict = judge({
    version,
    ifMatch: headers["x-amz-copy-source-if-match"],
    ifNoneMatch: headers["x-amz-copy-source-if-none-match"],
    ifModifiedSince: headers["x-amz-copy-source-if-modified-since"],
    ifUnmodifiedSince: headers["x-amz-copy-source-if-unmodified-since"],
  });
  if (verdict !== "ok") throw preconditionFailed("x-amz-copy-source-If-*");
}

/** The condition of a write. Throws NotImplemented for one that S3 does not know. */
export function writeGuard(headers: HeaderFields, key: string): Guard {
  const ifMatch = headers["if-match"];
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined && (ifNoneMatch.trim() !== "*" || ifMatch !== undefined)) {
    throw new S3Error("NotImplemented", { fields: { Header: "If-None-Match" } });
  }
  return (newest) => {
    if (ifNoneMatch !== undefined && newest?.kind === "object") {
      throw preconditionFailed("If-None-Match");
    }
    checkMatch(ifMatch, newest?.kind === "object" ? newest : undefined, key);
  };
}

/** The condition of a delete. */
export function deleteGuard(ifMatch: string | undefined, key: string): Guard {
  return (newest) => checkMatch(ifMatch, newest?.kind === "object" ? newest : undefined, key);
}

function checkMatch(
  ifMatch: string | undefined,
  object: ObjectVersion | undefined,
  key: string,
): void {
  if (ifMatch === undefined) return;
  if (!object) throw new S3Error("NoSuchKey", { fields: { Key: key } });
  if (!isMatch(ifMatch, object.etag)) throw preconditionFailed("If-Match");
}

interface Conditions {
  readonly version: ObjectVersion;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

function judge(conditions: Conditions): Verdict {
  const { version, ifMatch, ifNoneMatch } = conditions;
  // HTTP dates have whole seconds.
  const modifiedAt = Math.floor(version.modifiedAt / 1000) * 1000;
  if (ifMatch !== undefined) {
    if (!isMatch(ifMatch, version.etag)) return "failed";
  } else {
    const unmodifiedSince = dateOf(conditions.ifUnmodifiedSince);
    if (unmodifiedSince !== undefined && modifiedAt > unmodifiedSince) return "failed";
  }
  if (ifNoneMatch !== undefined) return isMatch(ifNoneMatch, version.etag) ? "not-modified" : "ok";
  const modifiedSince = dateOf(conditions.ifModifiedSince);
  return modifiedSince !== undefined && modifiedAt <= modifiedSince ? "not-modified" : "ok";
}

function isMatch(list: string, etag: string): boolean {
  return list
    .split(",")
    .map((item) =>
      item
        .trim()
        .replace(/^W\//, "")
        .replace(/^"(.*)"$/, "$1"),
    )
    .some((item) => item === "*" || item === etag);
}

/** A date that cannot be read is as good as none (RFC 9110 §13.1.3). */
function dateOf(text: string | undefined): number | undefined {
  const date = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : date;
}

/** PreconditionFailed, with the condition's name. */
function preconditionFailed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", { fields: { Condition: condition } });
}

/** The value of a directive header, `COPY` when it is not there. Throws InvalidArgument for an unknown value. */
export function directiveOf(headers: HeaderFields, name: string): "COPY" | "REPLACE" {
  const value = headers[name] ?? "COPY";
  if (value === "COPY" || value === "REPLACE") return value;
  throw invalidArgument(name, value, "Unknown directive");
}
