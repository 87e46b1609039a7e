/** `limits`: what all requests of a process together may use. */
import { totalmem } from "node:os";
import { z } from "zod";
import type { AdmissionLimits } from "./admission.ts";
import { durationMs } from "./config.ts";

const MIB = 1024 * 1024;

/** What a process holds before anybody asks it for anything. */
const BASE_BYTES = 160 * MIB;
const MIN_BUDGET_BYTES = 32 * MIB;
const MAX_BUDGET_BYTES = 256 * MIB;

/** The section. */
export const LimitsSection = z
  .strictObject({
    memory_budget: z
      .int()
      .min(MIN_BUDGET_BYTES)
      .optional()
      .meta({ env: "LIMITS_MEMORY_BUDGET" })
      .describe(
        "bytes that requests under way in this process may need together; empty: half of what the container (or the machine) has beyond 160 MiB, 32 to 256 MiB",
      ),
    max_requests: z
      .int()
      .min(1)
      .default(1024)
      .meta({ env: "LIMITS_MAX_REQUESTS" })
      .describe("S3 requests under way in this process; more wait"),
    max_wait: durationMs()
      .pipe(z.number().min(1).max(300_000))
      .prefault("10s")
      .meta({ env: "LIMITS_MAX_WAIT" })
      .describe("how long a request waits for memory or a place before it is told SlowDown"),
  })
  .prefault({});
/** The section, parsed. */
export type LimitsSection = z.infer<typeof LimitsSection>;

/** The limits of this process's admission. `memoryBytes`: what container or machine has. */
export function admissionLimitsOf(
  { memory_budget, max_requests, max_wait }: LimitsSection,
  memoryBytes: number = memoryOfProcess(),
): AdmissionLimits {
  const maxBytes = memory_budget ?? budgetOf(memoryBytes);
  return {
    maxBytes,
    maxRequests: max_requests,
    // The other half of what there is.
    maxWaitingBytes: maxBytes,
    maxWaitMs: max_wait,
  };
}

function budgetOf(memoryBytes: number): number {
  const half = Math.floor((memoryBytes - BASE_BYTES) / 2);
  return Math.min(MAX_BUDGET_BYTES, Math.max(MIN_BUDGET_BYTES, half));
}

/** The limit of the cgroup, or the machine's memory where there is none. */
function memoryOfProcess(): number {
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}
