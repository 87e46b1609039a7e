/** Whether the backend can be used, for readiness. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { HealthCheck } from "@s3eg/shared/runtime/health.ts";

/** Below the patience of health checks, so that a slow answer is known here for what it is. */
const PATIENCE_MS = 1500;
/** A backend that answered this long ago is there: slow for a while is no reason to take every gateway away. */
const GRACE_MS = 15_000;

/**
 * One small signed request, of `bucket` where there is one to look at, else for the list of buckets. Whatever is answered comes from a
 * backend that is there: that the gateway's identity may not list its buckets, or that the bucket is gone, is nothing to wait for.
 */
export function backendCheck(
  backend: Backend,
  bucket: string | undefined,
  now: () => number = () => performance.now(),
): HealthCheck {
  let answeredMs = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      await ask(backend, bucket, inTime);
      answeredMs = now();
    } catch (error) {
      if (now() - answeredMs > GRACE_MS) throw error;
    }
  };
}

async function ask(
  backend: Backend,
  bucket: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const what =
    bucket === undefined ? { method: "GET" as const } : { method: "HEAD" as const, bucket };
  const response = await backend.send({ ...what, headers: {}, requestId: "health", signal });
  const isThere = response.status < 500 || response.status === 501;
  if (!isThere) throw await backendFault(response);
  await response.text();
}
