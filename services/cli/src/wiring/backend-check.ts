/** Whether the backend can be used, for readiness. */
import type { Backend } from "@s3eg/shared/backend/backend.ts";
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import type { HealthCheck } from "@s3eg/shared/runtime/health.ts";

/**
 * One small signed request, of `bucket` where there is one to look at, else for the list of buckets. Whatever is answered comes from a
 * backend that is there: that the gateway's identity may not list its buckets, or that the bucket is gone, is nothing to wait for.
 */
export function backendCheck(backend: Backend, bucket: string | undefined): HealthCheck {
  return async (signal) => {
    const what =
      bucket === undefined ? { method: "GET" as const } : { method: "HEAD" as const, bucket };
    const response = await backend.send({ ...what, headers: {}, requestId: "health", signal });
    const isThere = response.status < 500 || response.status === 501;
    if (!isThere) throw await backendFault(response);
    await response.text();
  };
}
