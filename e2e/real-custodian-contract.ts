/** The contract of custodians on a real key store, and what the suites on these have in common. */
import { deepEqual } from "node:assert/strict";
import type { configuredKmip } from "../services/keys/src/custody/configured-kmip.ts";
import type { GuardedCustodian } from "../services/keys/src/custody/remote/guarded-custodian.ts";
import { load } from "../services/keys/test/config/read-settings.ts";
import { describeCustodian } from "../services/keys/test/custody/custodian-contract.ts";
import { type FaultCode, isFault } from "../shared/src/faults.ts";
import { KeptLog } from "../shared/test/runtime/kept-log.ts";

/** Something to wrap, as long as the payload of a header. */
export const payload = Buffer.concat([Buffer.of(1), Buffer.alloc(64, 0x55)]);
/** What it is bound to. */
export const binding = Buffer.alloc(32, 0xaa);
/** True for a fault of that code. */
export const is = (code: FaultCode) => (error: unknown) => isFault(error, code);

/** A custodian as keys would make it of settings and, where it looks there, of the environment; not started. */
export async function realCustodian(
  configured: typeof configuredKmip,
  settings: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<GuardedCustodian> {
  const config = load({ KEY_MANAGER_ENABLED: "true", ...settings });
  return await configured({ config, env, folder: "/nowhere", log: new KeptLog() });
}

/** Checks that many questions at a time get each its own answer. */
export async function keepsQuestionsApart(custodian: GuardedCustodian): Promise<void> {
  const use = { key: custodian.activeKey, binding };
  const payloads = Array.from({ length: 40 }, (_, n) => Buffer.alloc(65, n + 1));
  const wraps = await Promise.all(payloads.map((each) => custodian.wrap(each, use)));
  const opened = await Promise.all(wraps.map((each) => custodian.unwrap(each, use)));
  const bytes = opened.map((each) => Buffer.from(each));
  deepEqual(bytes, payloads);
}

/**
 * The rules of every custodian, on two that hold different keys of the same name: `prepare` gives what makes them, one after the other, and
 * leaves to `opening` what is to be closed.
 */
export function describeRealCustodian(
  name: string,
  prepare: (opening: AsyncDisposableStack) => Promise<(nth: number) => Promise<GuardedCustodian>>,
  { everyByte = 13 }: { everyByte?: number } = {},
): void {
  const open = async () => {
    await using opening = new AsyncDisposableStack();
    const make = await prepare(opening);
    const custodian = opening.use(await make(0));
    const impostor = opening.use(await make(1));
    const opened = opening.move();
    return { custodian, impostor, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  };
  describeCustodian(name, open, { everyByte });
}
