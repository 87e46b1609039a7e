/** Answers whether the key store can be used. Many edges ask every second or so: they share one look at it. */

import type { checkKeyStore } from "@s3eg/shared/contracts/keys.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { z } from "zod";
import type { ActiveCustodian } from "./custody/custodian.ts";
import { writingKey } from "./custody/key-wish.ts";

const SHARED_MS = 1000;

/**
 * Answers `keys.key-store.check`; `keys.unavailable` where the custodian can't wrap and unwrap now, `keys.unknown-key` where it has no key
 * that a policy wishes for. `now` is in milliseconds.
 */
export function checkKeyStoreAnswerer(
  custodian: ActiveCustodian,
  now: () => number = () => performance.now(),
): (input: z.infer<typeof checkKeyStore.input>) => Promise<Record<string, never>> {
  let latest: { readonly checking: Promise<void>; readonly untilMs: number } | undefined;
  return async ({ keyWishes = [] }) => {
    for (const wish of keyWishes) writingKey(custodian, wish);
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
