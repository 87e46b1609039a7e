/** Says at start, and when they change, which policies give up what the gateway otherwise guarantees, or ask for what it does not do: nobody must find out by accident. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Policies, PolicyRule } from "./policy.ts";

/** One warning for each such policy, with the buckets it speaks of; none for those that were there `before`. */
export function warnOfUnsealed(
  policies: Pick<Policies, "rules">,
  log: Pick<Log, "warn">,
  before: readonly PolicyRule[] = [],
): void {
  const fresh = policies.rules.filter((rule) => !before.includes(rule));
  for (const { id, buckets, contents, encryptsMultipart, withoutEffect } of fresh) {
    if (withoutEffect) {
      log.warn({ policy: id, settings: withoutEffect }, "settings of a policy without effect");
    }
    const fields = { policy: id, buckets, contents };
    if (contents !== "sealed") {
      const message =
        "policy lets objects be read that are not sealed: whoever writes to the backend can forge them";
      log.warn(fields, message);
    }
    if (contents === "pass-through") {
      log.warn(fields, "policy stores every object without encryption");
    } else if (encryptsMultipart === false) {
      log.warn(fields, "policy stores objects uploaded in parts without encryption");
    }
  }
}
