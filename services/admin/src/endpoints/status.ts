/** What the process is and how it is. */
import { hostname } from "node:os";
import { LOG_LEVELS } from "@s3eg/shared/runtime/log.ts";
import { z } from "zod";
import type { Office } from "../office.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const StatusBody = z.object({
  version: z.string(),
  roles: z.array(z.string()),
  started_at: z.iso.datetime(),
  /** As `/readyz` says it. */
  status: z.string().optional(),
  checks: z.record(z.string(), z.string()).optional(),
  is_draining: z.boolean(),
  host: z.string(),
  pid: z.int(),
  /** Version of Node.js. */
  node: z.string(),
  uptime_seconds: z.number().nonnegative(),
  memory_bytes: z.number().nonnegative(),
  log_level: z.enum(LOG_LEVELS),
});

/** `GET /admin/status`. */
export function statusEndpoints({ version, roles, health, logLevel }: Office): Endpoint[] {
  const startedAt = new Date().toISOString();
  return [
    endpoint({
      method: "GET",
      path: "/admin/status",
      summary: "What this process is, and how its dependencies are",
      answers: {
        200: { description: "the status, also where it is not ready", schema: StatusBody },
      },
      async handle() {
        const readiness = await health.answer("/readyz");
        const body = {
          version,
          roles: [...roles],
          started_at: startedAt,
          status: readiness?.body.status,
          checks: readiness?.body.checks,
          is_draining: health.isDraining,
          host: hostname(),
          pid: process.pid,
          node: process.versions.node,
          uptime_seconds: Math.floor(process.uptime()),
          memory_bytes: process.memoryUsage.rss(),
          log_level: logLevel.state.level,
        };
        return { status: 200, body };
      },
    }),
  ];
}
