/** Answers whether the key store can be used. Many edges ask every second or so: they share one look at it. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Custodian } from "./custody/custodian.ts";

const SHARED_MS = 1000;

/** Answers `keys.key-store.check`; `keys.unavailable` where the custodian can't wrap and unwrap now. `now` is in milliseconds. */
export function checkKeyStoreAnswerer(
  custodian: Pick<Custodian, "check">,
  now: () => number = () => performance.now(),
): () => Promise<Record<string, never>> {
  let latest: { readonly checking: Promise<void>; readonly untilMs: number } | undefined;
  return async () => {
    if (!latest || now() >= latest.untilMs) {
      latest = { checking: custodian.check(), untilMs: now() + SHARED_MS };
    }
    try {
      await latest.checking;
    } catch (cause) {
      if (isFault(cause)) throw cause;
      throw new Fault("keys.unavailable", "the key store can't be used", { cause });
    }
    return {};
  };
}
