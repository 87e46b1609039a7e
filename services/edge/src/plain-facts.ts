/** What is known of an object that was stored as it is (policy `contents: pass-through`). */
import type { ObjectFacts } from "@s3eg/shared/contracts/crypto.ts";

/** Its facts: the ETag is the backend's own, whatever the policy of ETags says. */
export function plainFacts({ etag, size }: { etag: string; size: number }): ObjectFacts {
  return { size, isSealed: false, etag: etag.replaceAll('"', "") };
}
