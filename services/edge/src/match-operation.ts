/** Which operation a request means. A sub-resource nobody here serves is refused: it never falls through to another operation. */
import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import type { Operation } from "./operations/operation.ts";
import { s3Error } from "./s3/errors.ts";
import { isUnknownSubresource, SUBRESOURCES } from "./s3/query-names.ts";

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

/** A second parameter that makes another operation of a GET with the first (S3 API, Get… and List…Configuration). */
const WITH_IDENTIFIER: ReadonlyMap<string, string> = new Map([
  ["analytics", "id"],
  ["annotation", "annotationName"],
  ["intelligent-tiering", "id"],
  ["inventory", "id"],
  ["metrics", "id"],
]);

/** A lookup over the operation table. Throws `NotImplemented` for what is not in it. */
export function operationMatcher(operations: readonly Operation[]): (asking: Asking) => Operation {
  const table = new Map(operations.map((operation) => [signatureOf(operation), operation]));
  return (asking) => {
    const { method, query, headers } = asking;
    if (!METHODS.has(method)) throw s3Error("MethodNotAllowed");
    const unknown = query.find(([name, value]) => isUnknownSubresource(name, value));
    if (unknown) throw notServed(`sub-resource ${unknown[0]}`);
    const level = levelOf(asking);
    if (level === "service" && method !== "GET") throw s3Error("MethodNotAllowed");
    const subresources = subresourcesOf(asking);
    const isCopy = level === "object" && headers["x-amz-copy-source"] !== undefined;
    const found = table.get(signatureOf({ method, level, subresources, isCopy }));
    if (found) return found;
    throw notServed([method, level, ...subresources].join(" "));
  };
}

function subresourcesOf({ method, query }: Asking): string[] {
  const names = new Set(query.map(([name]) => name));
  const chosen = [...names].filter((name) => SUBRESOURCES.has(name));
  if (method !== "GET") {
    // Of a read `partNumber` names a range; of anything else it makes a part.
    const isPart = names.has("partNumber") && method !== "HEAD";
    return isPart ? [...chosen, "partNumber"] : chosen;
  }
  const identifiers = chosen.map((name) => WITH_IDENTIFIER.get(name) ?? "");
  return [...chosen, ...identifiers.filter((name) => names.has(name))];
}

function notServed(what: string): Error {
  return s3Error("NotImplemented", { message: `The gateway has no operation for: ${what}.` });
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
