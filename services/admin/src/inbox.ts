/** What admin answers: this method and path → that handler. All of it needs the bearer token. */
import { jsonAnswer, type SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { metricsAnswer } from "@s3eg/shared/runtime/probe-server.ts";

/** What the handlers know of the process they run in. */
export interface Office {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly version: string;
  /** Roles of this process. */
  readonly roles: readonly string[];
}

/** The handlers by `METHOD /path`. */
export function openInbox(office: Office): ReadonlyMap<string, () => Promise<SmallAnswer>> {
  const startedAt = new Date().toISOString();
  return new Map([
    ["GET /metrics", () => metricsAnswer(office.metrics)],
    ["GET /admin/status", () => statusAnswer(office, startedAt)],
  ]);
}

async function statusAnswer(office: Office, startedAt: string): Promise<SmallAnswer> {
  const { version, roles, health } = office;
  const readiness = await health.answer("/readyz");
  return jsonAnswer(200, {
    version,
    roles,
    started_at: startedAt,
    status: readiness?.body.status,
    checks: readiness?.body.checks,
    is_draining: health.isDraining,
  });
}
