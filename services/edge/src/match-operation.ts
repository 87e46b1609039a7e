/** Which operation a request means. A sub-resource nobody here serves is refused: it never falls through to another operation. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Operation } from "./operations/operation.ts";
import { s3Error } from "./s3/errors.ts";

/** Query parameters that choose the operation (S3 API, request syntax of every operation). */
const SUBRESOURCES = new Set([
  "abac",
  "accelerate",
  "acl",
  "analytics",
  "append",
  "attributes",
  "cors",
  "delete",
  "encryption",
  "intelligent-tiering",
  "inventory",
  "legal-hold",
  "lifecycle",
  "list-type",
  "location",
  "logging",
  "metadataConfiguration",
  "metadataTable",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "partNumber",
  "policy",
  "policyStatus",
  "publicAccessBlock",
  "renameObject",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "select-type",
  "session",
  "tagging",
  "torrent",
  "uploadId",
  "uploads",
  "versioning",
  "versions",
  "website",
]);

/** What of a request decides its operation. */
export interface Asking {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: HeaderFields;
}

/** Methods that S3 has operations for; any other is `MethodNotAllowed`. */
const METHODS = new Set(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]);

/** A lookup over the operation table. Throws `NotImplemented` for what is not in it. */
export function operationMatcher(operations: readonly Operation[]): (asking: Asking) => Operation {
  const table = new Map(operations.map((operation) => [signatureOf(operation), operation]));
  return (asking) => {
    const level = levelOf(asking);
    const subresources = [...new Set(asking.query.map(([name]) => name))].filter((name) =>
      SUBRESOURCES.has(name),
    );
    const isCopy = level === "object" && asking.headers["x-amz-copy-source"] !== undefined;
    const found = table.get(signatureOf({ method: asking.method, level, subresources, isCopy }));
    if (found) return found;
    throw s3Error(METHODS.has(asking.method) ? "NotImplemented" : "MethodNotAllowed");
  };
}

function levelOf({ bucket, key }: Asking): Operation["level"] {
  if (bucket === "") return "service";
  return key === "" ? "bucket" : "object";
}

function signatureOf(what: {
  method: string;
  level: string;
  subresources?: readonly string[];
  isCopy?: boolean;
}): string {
  const subresources = [...(what.subresources ?? [])].sort().join("&");
  return `${what.method} ${what.level} ${subresources} ${what.isCopy === true}`;
}
