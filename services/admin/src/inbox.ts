/** What admin answers: this method and path → that handler. All of it needs the bearer token. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  jsonAnswer,
  type SmallAnswer,
  type SmallRequest,
} from "@s3eg/shared/runtime/answer-server.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { metricsAnswer } from "@s3eg/shared/runtime/probe-server.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import { rotationEndpoints } from "./rotation-endpoints.ts";

/** What the handlers know of the process they run in, and whom they ask. */
export interface Office {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly version: string;
  /** Roles of this process. */
  readonly roles: readonly string[];
  readonly bus: Bus;
  /** With which keys is asked; absent where it is a role of this process. */
  readonly session: AskerSession | undefined;
}

/** The handlers by `METHOD /path`. */
export function openInbox(
  office: Office,
): ReadonlyMap<string, (request: SmallRequest) => Promise<SmallAnswer>> {
  const startedAt = new Date().toISOString();
  return new Map<string, (request: SmallRequest) => Promise<SmallAnswer>>([
    ["GET /metrics", () => metricsAnswer(office.metrics)],
    ["GET /admin/status", () => statusAnswer(office, startedAt)],
    ...rotationEndpoints(office),
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
