/** Pairwise cover: few combinations of factors in which every two values of different factors meet at least once. */

/** Name of a factor → its values. */
export type Factors = Readonly<Record<string, readonly string[]>>;
/** Name of a factor → the value that it has. */
export type Combination<F extends Factors> = { readonly [Name in keyof F]: F[Name][number] };

/**
 * Greedy: each combination begins with a pair that is not covered yet, and takes of every other factor what covers most; where several do,
 * what was taken least so far.
 */
export function pairwiseCover<F extends Factors>(factors: F): Combination<F>[] {
  const left = new Set(allPairs(factors));
  const taken = new Map<string, number>();
  const cover: Combination<F>[] = [];
  for (;;) {
    const [first] = left;
    if (first === undefined) return cover;
    const chosen = new Map(JSON.parse(first) as [string, string][]);
    for (const [name, values] of Object.entries(factors)) {
      if (chosen.has(name)) continue;
      const gain = (value: string): number =>
        [...chosen].filter((other) => left.has(pairOf([name, value], other))).length;
      const uses = (value: string): number => taken.get(`${name}=${value}`) ?? 0;
      const [best = ""] = [...values].sort((a, b) => gain(b) - gain(a) || uses(a) - uses(b));
      chosen.set(name, best);
    }
    const entries = Object.keys(factors).map((name) => [name, chosen.get(name) ?? ""] as const);
    for (const [name, value] of entries) {
      taken.set(`${name}=${value}`, (taken.get(`${name}=${value}`) ?? 0) + 1);
    }
    const combination = Object.fromEntries(entries) as Combination<F>;
    for (const pair of pairsOf(combination)) left.delete(pair);
    cover.push(combination);
  }
}

/** Every pair of values of two factors, as a text. */
export function allPairs(factors: Factors): string[] {
  const names = Object.keys(factors);
  return names.flatMap((one, at) =>
    names
      .slice(at + 1)
      .flatMap((other) =>
        (factors[one] ?? []).flatMap((value) =>
          (factors[other] ?? []).map((otherValue) => pairOf([one, value], [other, otherValue])),
        ),
      ),
  );
}

/** The pairs that one combination covers, written as `allPairs` does. */
export function pairsOf(combination: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(combination);
  return entries.flatMap((one, at) => entries.slice(at + 1).map((other) => pairOf(one, other)));
}

function pairOf(one: readonly [string, string], other: readonly [string, string]): string {
  return JSON.stringify([one, other].sort(([a], [b]) => (a < b ? -1 : 1)));
}
