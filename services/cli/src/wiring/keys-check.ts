/** Whether keys, in another process, answers: what readiness of edge depends on, because nothing can be sealed or opened without it. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { checkKeyStore } from "@s3eg/shared/contracts/keys.ts";
import type { HealthCheck } from "@s3eg/shared/runtime/health.ts";
import { askKeys } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";

/** Shorter than the time a health check may take: the log then says who did not answer. */
const TIMEOUT_MS = 1500;

/** A check that passes when keys proves that its key store can be used, and that policies may choose the keys that they name. */
export function keysCheck(
  bus: Bus,
  session: AskerSession | undefined,
  named: Policies["keyWishes"],
): HealthCheck {
  const wishes = named.map(({ keyWish }) => [JSON.stringify(keyWish), keyWish] as const);
  const keyWishes = [...new Map(wishes).values()];
  return async () =>
    await askKeys(bus, session, {
      question: checkKeyStore,
      input: { keyWishes },
      requestId: "health",
      timeoutMs: TIMEOUT_MS,
    });
}
