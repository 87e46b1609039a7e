/** Headers that ask for something this server does not have. It refuses them: ignored, they would be a broken promise. */
import type { HeaderFields } from "../s3-request.ts";
import { S3Error } from "./errors.ts";
import { OWNER } from "./owner.ts";

const REFUSED = [
  /^x-amz-server-side-encryption/,
  /^x-amz-copy-source-server-side-encryption/,
  /^x-amz-object-lock-/,
  /^x-amz-bucket-object-lock-enabled$/,
  /^x-amz-grant-/,
  /^x-amz-website-redirect-location$/,
  /^x-amz-write-offset-bytes$/,
  /^x-amz-if-match-/,
  /^x-amz-rename-source/,
];
const HARMLESS_ACLS: ReadonlySet<string> = new Set(["private", "bucket-owner-full-control"]);

/** Throws NotImplemented for such a header, AccessDenied where another owner is expected. */
export function refuseHeaders(headers: HeaderFields): void {
  for (const [name, value] of Object.entries(headers)) {
    const isRefused =
      REFUSED.some((pattern) => pattern.test(name)) && !(name === LOCK && value === "false");
    if (isRefused || (name === "x-amz-acl" && !HARMLESS_ACLS.has(value))) {
      throw new S3Error("NotImplemented", { fields: { Header: name } });
    }
    const isOwner = name.endsWith("expected-bucket-owner") && name.startsWith("x-amz-");
    if (isOwner && value !== OWNER.id) throw new S3Error("AccessDenied");
  }
}

const LOCK = "x-amz-bucket-object-lock-enabled";
