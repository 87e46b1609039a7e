/** Query parameters that say how the answer to a read presents the object (S3 API, GetObject, "Overriding response header values"). */

import type { HeaderFields } from "@s3eg/shared/backend/backend.ts";
import { isFieldValue } from "@s3eg/shared/backend/header-fields.ts";
import { ANONYMOUS, type Principal } from "../auth/credentials.ts";
import { type BucketPolicy, hidesMetadata } from "../auth/policy.ts";
import type { Query } from "../s3-request.ts";
import { s3Error } from "./errors.ts";

const PREFIX = "response-";
const OVERRIDES: ReadonlySet<string> = new Set([
  "response-cache-control",
  "response-content-disposition",
  "response-content-encoding",
  "response-content-language",
  "response-content-type",
  "response-expires",
]);

/** What of a read decides. */
interface Read {
  readonly query: Query;
  readonly principal: Pick<Principal, "identity">;
}

/** The overrides of a read, for the backend; none where the bucket's policy keeps such things from it. Faults as of `overridden`. */
export function toldOverrides({
  policy,
  ...read
}: Read & { readonly policy: BucketPolicy }): [name: string, value: string][] {
  const overrides = overridesOf(read);
  return hidesMetadata(policy) ? [] : overrides;
}

/**
 * The header fields that the overrides make, which the answer carries whatever the backend made of them: what it stores may not be what
 * the client stored. Only who signed may give any: `InvalidRequest` for others. `InvalidArgument` for a value that no header can hold.
 */
export function overridden(read: Read): HeaderFields {
  const fields = overridesOf(read).filter(([, value]) => value !== "");
  return Object.fromEntries(
    fields.map(([name, value]) => [name.slice(PREFIX.length), field(value)]),
  );
}

function overridesOf({ query, principal }: Read): [name: string, value: string][] {
  const overrides = query.only((name) => OVERRIDES.has(name));
  if (overrides.length > 0 && principal.identity === ANONYMOUS) {
    throw s3Error("InvalidRequest", {
      message: "Request specific response headers cannot be used for anonymous GET requests.",
    });
  }
  const wrong = overrides.find(([, value]) => !isFieldValue(field(value)));
  if (wrong) {
    const [ArgumentName, ArgumentValue] = wrong;
    throw s3Error("InvalidArgument", {
      message: "Header value cannot be represented using ISO-8859-1.",
      fields: { ArgumentName, ArgumentValue },
    });
  }
  return overrides.map(([name, value]) => [name, value]);
}

/** S3 writes Latin-1; what that can't hold is UTF-8, as other servers write it. */
function field(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all that Latin-1 has
  return /^[\x00-\xff]*$/.test(value) ? value : Buffer.from(value, "utf8").toString("latin1");
}
