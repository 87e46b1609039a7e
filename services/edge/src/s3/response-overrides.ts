/** Query parameters that say how the answer to a read presents the object (S3 API, GetObject, "Overriding response header values"). */
import { ANONYMOUS, type Principal } from "../auth/credentials.ts";
import type { Query } from "../s3-request.ts";
import { s3Error } from "./errors.ts";

const OVERRIDES: ReadonlySet<string> = new Set([
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
]);

/** The overrides of a read, for the backend. Only who signed may give any: `InvalidRequest` for others. */
export function responseOverrides({
  query,
  principal,
}: {
  query: Query;
  principal: Pick<Principal, "identity">;
}): [name: string, value: string][] {
  const overrides = query.only((name) => OVERRIDES.has(name));
  if (overrides.length > 0 && principal.identity === ANONYMOUS) {
    throw s3Error("InvalidRequest", {
      message: "Request specific response headers cannot be used for anonymous GET requests.",
    });
  }
  return overrides.map(([name, value]) => [name, value]);
}
