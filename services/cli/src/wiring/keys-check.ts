/** Whether keys, in another process, answers: what readiness of edge depends on, because nothing can be sealed or opened without it. */
import { isDeepStrictEqual } from "node:util";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { checkKeyStore } from "@s3eg/shared/contracts/keys.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { HealthCheck } from "@s3eg/shared/runtime/health.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";

/** Shorter than the time a health check may take: the log then says who did not answer. */
const TIMEOUT_MS = 1500;

/** A check that passes when keys proves that its key store can be used, and that policies may choose the keys that they name now. */
export function keysCheck(
  bus: Bus,
  session: AskerSession | undefined,
  named: () => Policies["keyWishes"],
): HealthCheck {
  return async () => await askForWishes(bus, session, named());
}

/**
 * Throws `config.invalid` where keys, in another process, has none of the keys that policies name, and what keeps it from saying so.
 * Whoever names no others than `before` is not held up.
 */
export async function refuseWishesUnlessKnown(
  asking: { readonly bus: Bus; readonly session: AskerSession | undefined },
  { before, next }: Readonly<Record<"before" | "next", Pick<Policies, "keyWishes">>>,
): Promise<void> {
  const wishesOf = ({ keyWishes }: Pick<Policies, "keyWishes">) => uniqueWishes(keyWishes);
  if (isDeepStrictEqual(wishesOf(before), wishesOf(next))) return;
  try {
    await askForWishes(asking.bus, asking.session, next.keyWishes);
  } catch (cause) {
    if (!isFault(cause, "keys.unknown-key")) throw cause;
    const places = next.keyWishes.map(({ place }) => place).join(", ");
    const message = `${places}: keys has not all of these keys, or policies may not choose them: ${cause.message}`;
    throw new Fault("config.invalid", message, { cause });
  }
}

async function askForWishes(
  bus: Bus,
  session: AskerSession | undefined,
  named: Policies["keyWishes"],
): Promise<void> {
  await askGuarded(bus, session, {
    question: checkKeyStore,
    input: { keyWishes: uniqueWishes(named) },
    requestId: "health",
    timeoutMs: TIMEOUT_MS,
  });
}

function uniqueWishes(named: Policies["keyWishes"]) {
  const wishes = named.map(({ keyWish }) => [JSON.stringify(keyWish), keyWish] as const);
  return [...new Map(wishes).values()];
}
