/** On how many servers of a cluster a stream lies. Nobody of ours may change one that is there: who could might have it take other subjects, too. */
import type { StreamConfig } from "@nats-io/jetstream";

/** Throws where a stream lies on fewer servers than wanted, with what an operator does about it. */
export function checkReplicas(
  { name, num_replicas: found }: Pick<StreamConfig, "name" | "num_replicas">,
  wanted: number,
): void {
  if (found >= wanted) return;
  const remedy = `nats stream edit ${name} --replicas=${wanted}`;
  throw new Error(`${name} lies on ${found} of ${wanted} servers (NATS_REPLICAS): ${remedy}`);
}
