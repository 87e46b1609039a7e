/** Quantiles of durations that are known by buckets only. */
import type { RoleWork } from "@s3eg/shared/contracts/status.ts";

/** How many took at most `le` seconds, in rising order; the last one counts all. */
type Durations = RoleWork["durations"];

/** What came to each bucket, over all processes that count by the same buckets as the first. */
export function addedDurations(
  all: readonly { readonly before: RoleWork | undefined; readonly after: RoleWork }[],
): Durations {
  const bounds = all[0]?.after.durations ?? [];
  const same = all.filter(({ after }) => hasBounds(after.durations, bounds));
  return bounds.map((bound, at) => {
    const count = same.reduce((sum, { before, after }) => {
      const now = after.durations[at]?.count ?? 0;
      return sum + Math.max(0, now - (before?.durations[at]?.count ?? 0));
    }, 0);
    return { ...bound, count };
  });
}

function hasBounds(durations: Durations, bounds: Durations): boolean {
  return (
    durations.length === bounds.length && durations.every(({ le }, at) => le === bounds[at]?.le)
  );
}

/** Seconds within which this share ended, even within its bucket; the last bound where it took longer; null where nothing ended. */
export function quantile(durations: Durations, share: number): number | null {
  const total = durations.at(-1)?.count ?? 0;
  if (total === 0) return null;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const { le, count } of durations) {
    if (le === undefined) return lower;
    if (count >= rank) return lower + (le - lower) * ((rank - below) / (count - below));
    [lower, below] = [le, count];
  }
  return lower;
}
