/** The keys that policies name, held against those that keys lets them choose: where both are known, who starts says what does not fit. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";
import type { Custodians } from "../../../keys/src/custody/custodians.ts";

/** `config.invalid` with a line for every policy that names a key which it may not have. Asks no key store for anything. */
export function refuseUnknownKeys(
  { keyWishes }: Pick<Policies, "keyWishes">,
  custodians: Pick<Custodians, "wishProblem">,
): void {
  const problems = keyWishes.flatMap(({ keyWish, place }) => {
    const problem = custodians.wishProblem(keyWish);
    return problem === undefined ? [] : [`${place}: ${problem}`];
  });
  if (problems.length > 0) throw new Fault("config.invalid", problems.join("\n"));
}
