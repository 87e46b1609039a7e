/** An office in a process of its own, for tests of endpoints. */
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { loadConfig } from "@s3eg/shared/runtime/config.ts";
import { Health } from "@s3eg/shared/runtime/health.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { z } from "zod";
import { AdminSection } from "../src/config.ts";
import type { Office } from "../src/office.ts";

/** Ready, alone on its bus, with edge as its role. */
export function office(): Office {
  const log = createLog({ service: "test", level: "error", destination: { write: () => {} } });
  const health = new Health({ version: "1.0.0", log });
  health.markReady();
  return {
    health,
    metrics: createMetrics(),
    version: "1.0.0",
    roles: ["edge"],
    bus: new MemoryBus({ log }),
    session: undefined,
    config: loadConfig(z.strictObject({ admin: AdminSection }), { env: {} }).admin,
    hasOwnMetricsPort: false,
    logLevel: { state: { level: "info", configured: "info" }, proof: undefined },
  };
}
