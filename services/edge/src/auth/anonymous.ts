/** Requests without a signature: refused, unless the policy of their bucket lets them go to the backend, unsigned as they came. */
import { payloadWithoutSignedChunks } from "@s3eg/shared/s3/sigv4-verify.ts";
import type { Incoming } from "../incoming.ts";
import { s3Error } from "../s3/errors.ts";
import type { Authenticated } from "./authenticate.ts";
import { ANONYMOUS, type Principal } from "./credentials.ts";
import type { BucketPolicy } from "./policy.ts";
import { EVERYTHING } from "./rights.ts";

/** Nobody in particular. What nobody may do is the policy's to say, and then the backend's. */
export const NOBODY: Principal = { accessKey: "", identity: ANONYMOUS, rights: EVERYTHING };

/** Throws `AccessDenied` where the bucket's policy lets nothing through. A form may be signed inside. */
export function checkStranger({ method }: Incoming, { anonymous = "refuse" }: BucketPolicy): void {
  if (anonymous === "refuse" && method !== "POST") throw s3Error("AccessDenied");
}

/** Nobody, and how the body was promised. */
export function unsigned({ signable }: Incoming): Authenticated {
  return { principal: NOBODY, signature: { payload: payloadWithoutSignedChunks(signable) } };
}

/** What policy `anonymous: read` lets through. */
const READING = new Set(["GetObject", "HeadObject", "ListObjects", "ListObjectsV2"]);

/** Throws `AccessDenied` unless the policies of all buckets that are touched let the operation through. */
export function checkAnonymous(operation: string, policies: readonly BucketPolicy[]): void {
  const isAllowed = policies.every(
    ({ anonymous = "refuse" }) =>
      anonymous === "pass" || (anonymous === "read" && READING.has(operation)),
  );
  if (!isAllowed) throw s3Error("AccessDenied");
}
