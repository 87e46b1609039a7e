/** What S3 refuses of a copy before it looks at the source (S3 API, CopyObject). */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { s3Error } from "../s3/errors.ts";
import type { S3Request } from "../s3-request.ts";
import type { CopySource } from "./copy-source.ts";

/** Throws `InvalidArgument` for directives S3 does not know, `InvalidRequest` for a copy onto itself that changes nothing. */
export function checkCopy(request: S3Request, source: CopySource): void {
  checkDirectives(request.headers);
  checkSelfCopy(request, source);
}

/** Throws `AccessDenied` where the policy of the bucket that a copy goes to requires sealed sources: copied, unproven bytes would pass for proven ones. */
export function checkPlainSource({ policy }: Pick<S3Request, "policy">): void {
  if (!policy.requiresEncryption) return;
  throw s3Error("AccessDenied", {
    message: "The copy source is not sealed, and the policy of this bucket requires encryption.",
  });
}

function checkDirectives(headers: HeaderFields): void {
  for (const what of ["metadata", "tagging"]) {
    const name = `x-amz-${what}-directive`;
    if (!["COPY", "REPLACE", undefined].includes(headers[name])) {
      throw s3Error("InvalidArgument", {
        message: `Unknown ${what} directive.`,
        fields: { ArgumentName: name, ArgumentValue: headers[name] ?? "" },
      });
    }
  }
}

function checkSelfCopy(request: S3Request, source: CopySource): void {
  const { headers } = request;
  const isSelf =
    source.bucket === request.bucket && source.key === request.key && !source.versionId;
  const changes =
    headers["x-amz-metadata-directive"] === "REPLACE" ||
    headers["x-amz-storage-class"] !== undefined ||
    headers["x-amz-website-redirect-location"] !== undefined ||
    Object.keys(headers).some((name) => name.startsWith("x-amz-server-side-encryption"));
  if (isSelf && !changes) {
    throw s3Error("InvalidRequest", {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
}
