/** How every process of the gateway is, and how fast they worked of late, as far as they told this one. */
import { z } from "zod";
import type { SeenProcess } from "../watch/process-table.ts";
import { type RatePoint, type RolePoint, STEP_MS } from "../watch/rate-series.ts";
import type { Watch } from "../watch/watch.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const Count = z.number().nonnegative();

const ServiceBody = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  roles: z.array(z.string()),
  version: z.string(),
  zone: z.string(),
  started_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  condition: z
    .enum(["starting", "ready", "not_ready", "draining", "stopped", "silent"])
    .describe("silent: not heard of for eight seconds, without a word that it stops"),
  checks: z.record(z.string(), z.enum(["ok", "unavailable"])),
  in_flight: Count.describe("connections of clients"),
  memory_bytes: Count,
  cpu_seconds: Count,
  work: z
    .array(
      z.object({
        role: z.string(),
        requests: Count,
        refusals: Count,
        errors: Count,
        bytes_in: Count,
        bytes_out: Count,
      }),
    )
    .describe("since the process started"),
});

const ServicesBody = z.object({
  now: z.iso.datetime(),
  services: z.array(ServiceBody),
  missing_roles: z.array(z.string()).describe("roles that no process has that is heard of"),
});

const Rates = z.array(z.number().nullable());

const SeriesBody = z.object({
  step_seconds: z.number(),
  at: z.array(z.iso.datetime()).describe("the points, oldest first"),
  in_flight: z.array(Count),
  memory_bytes: z.array(Count),
  roles: z
    .record(
      z.string(),
      z.object({
        requests: Rates,
        refusals: Rates,
        errors: Rates,
        bytes_in: Rates,
        bytes_out: Rates,
        p50: Rates,
        p95: Rates,
        p99: Rates,
      }),
    )
    .describe("per second, and seconds; null where nobody told, or nothing ended"),
});

/** `GET /admin/services` and `GET /admin/series`. */
export function servicesEndpoints({ processes, rates }: Watch): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/admin/services",
      summary: "Every process that was heard of: what it is and how it is",
      answers: { 200: { description: "the processes", schema: ServicesBody } },
      async handle() {
        const seen = processes.list();
        const body = {
          now: new Date().toISOString(),
          services: seen.map(serviceBody),
          missing_roles: missingRoles(seen),
        };
        return { status: 200, body };
      },
    }),
    endpoint({
      method: "GET",
      path: "/admin/series",
      summary: "Rates and durations of the last 15 minutes, of all processes together",
      answers: { 200: { description: "one point every five seconds", schema: SeriesBody } },
      handle: async () => ({ status: 200, body: seriesBody(rates.points) }),
    }),
  ];
}

/** Without any of these the gateway serves nobody, or keeps no trail. */
const ROLES = ["edge", "crypto", "keys", "audit"];

function missingRoles(seen: readonly SeenProcess[]): string[] {
  const gone = ["stopped", "silent"];
  const roles = seen.flatMap(({ state, condition }) =>
    gone.includes(condition) ? [] : state.roles,
  );
  return ROLES.filter((role) => !roles.includes(role));
}

function serviceBody({ state, lastSeenMs, condition }: SeenProcess): z.infer<typeof ServiceBody> {
  const { id, host, pid, roles, version, zone, checks } = state;
  return {
    ...{ id, host, pid, roles, version, zone, condition, checks },
    started_at: new Date(state.startedAtMs).toISOString(),
    last_seen_at: new Date(lastSeenMs).toISOString(),
    in_flight: state.inFlight,
    memory_bytes: state.memoryBytes,
    cpu_seconds: state.cpuSeconds,
    work: state.work.map(({ role, requests, refusals, errors, bytesIn, bytesOut }) => {
      return { role, requests, refusals, errors, bytes_in: bytesIn, bytes_out: bytesOut };
    }),
  };
}

function seriesBody(points: readonly RatePoint[]): z.infer<typeof SeriesBody> {
  const roles = new Set(points.flatMap((point) => [...point.roles.keys()]));
  return {
    step_seconds: STEP_MS / 1000,
    at: points.map(({ atMs }) => new Date(atMs).toISOString()),
    in_flight: points.map(({ inFlight }) => inFlight),
    memory_bytes: points.map(({ memoryBytes }) => memoryBytes),
    roles: Object.fromEntries([...roles].sort().map((role) => [role, columns(points, role)])),
  };
}

function columns(points: readonly RatePoint[], role: string) {
  const column = (of: keyof RolePoint) =>
    points.map((point) => point.roles.get(role)?.[of] ?? null);
  return {
    requests: column("requests"),
    refusals: column("refusals"),
    errors: column("errors"),
    bytes_in: column("bytesIn"),
    bytes_out: column("bytesOut"),
    p50: column("p50"),
    p95: column("p95"),
    p99: column("p99"),
  };
}
