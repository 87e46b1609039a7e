/** Policies that take the place of others while requests come in. */
import { isDeepStrictEqual } from "node:util";
import { Policies, type PolicyRule } from "./policy.ts";

/** The policies `next`, in which a rule that says what it said before is the very object that it was: what was counted by it goes on counting. */
export function continuedPolicies(before: Policies, next: Policies): Policies {
  const known = Map.groupBy(before.rules, ({ id }) => id);
  const rules = next.rules.map(
    (rule) =>
      known.get(rule.id)?.find((former) => isDeepStrictEqual(said(former), said(rule))) ?? rule,
  );
  return new Policies(rules, next.standard);
}

/** A comment that is added to a file moves lines, and nothing else. */
function said({ givenAt: _, keyWishPlace: __, ...rule }: PolicyRule): object {
  return rule;
}
