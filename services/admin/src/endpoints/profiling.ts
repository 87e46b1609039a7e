/** Profiles of this process, under the paths that Go's tools know and in the formats that Chromium's developer tools read. */
import { isFault } from "@s3eg/shared/faults.ts";
import type { Counter, Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { z } from "zod";
import type { AdminSection } from "../config.ts";
import type { ProfileKind, Profiler } from "../profiler.ts";
import { type Endpoint, endpoint, errorBody, refused } from "./endpoint.ts";

/** What the endpoints are made of. */
export interface ProfilingParts {
  readonly config: AdminSection["profiling"];
  readonly metrics: Metrics;
  readonly profiler: Profiler;
}

const DEFAULT_SECONDS = { profile: 30, heap: 5, allocs: 5 } as const;
const SUMMARIES = {
  profile: "What the CPU does (.cpuprofile)",
  heap: "What is allocated in the meantime and still in use (.heapprofile)",
  allocs: "What is allocated in the meantime (.heapprofile)",
} as const;

const INDEX = `profile?seconds=30   ${SUMMARIES.profile}
heap?seconds=5       ${SUMMARIES.heap}
allocs?seconds=5     ${SUMMARIES.allocs}
goroutine            what the process has under way: timers, sockets, files
cmdline              the command line

There is no symbol, trace, block, mutex or threadcreate in this runtime.
`;

/** `/debug/pprof/…`; none where profiling is not enabled. */
export function profilingEndpoints(parts: ProfilingParts): Endpoint[] {
  const { config, metrics } = parts;
  const enabled = metrics.gauge({
    name: "gateway_admin_profiling_enabled",
    help: "1 if the admin API takes profiles.",
  });
  enabled.set({}, config.enabled ? 1 : 0);
  if (!config.enabled) return [];
  const taken = metrics.counter({
    name: "s3_gateway_admin_pprof_requests_total",
    help: "Profiles asked for, and what came of it: ok, busy, error.",
    labels: ["endpoint", "outcome"],
  });
  return [
    textEndpoint("", "Which profiles there are", () => INDEX),
    ...(["profile", "heap", "allocs"] as const).map((kind) => profileEndpoint(kind, parts, taken)),
    textEndpoint("goroutine", "What the process has under way, by kind", underWay),
    textEndpoint("cmdline", "The command line, arguments parted by NUL", () =>
      process.argv.join("\0"),
    ),
  ];
}

function profileEndpoint(
  kind: ProfileKind,
  { config, profiler }: ProfilingParts,
  taken: Counter<"endpoint" | "outcome">,
): Endpoint {
  const most = config.max_profile_seconds;
  return endpoint({
    method: "GET",
    path: `/debug/pprof/${kind}`,
    summary: SUMMARIES[kind],
    event: "pprof_fetch",
    query: z.strictObject({
      seconds: z.coerce
        .number()
        .int()
        .min(1)
        .max(most)
        .default(Math.min(DEFAULT_SECONDS[kind], most)),
    }),
    answers: {
      200: { description: "the profile, JSON", contentType: "application/octet-stream" },
      429: refused("too many requests, or too many profiles are being taken"),
    },
    async handle({ query: { seconds } }) {
      try {
        const body = await profiler.take(kind, seconds);
        taken.add({ endpoint: kind, outcome: "ok" });
        const name = `${kind}.${kind === "profile" ? "cpuprofile" : "heapprofile"}`;
        const headers = { "content-disposition": `attachment; filename="${name}"` };
        return { status: 200, headers, body };
      } catch (error) {
        const isBusy = isFault(error, "limit.busy");
        taken.add({ endpoint: kind, outcome: isBusy ? "busy" : "error" });
        if (!isBusy) throw error;
        return { status: 429, body: errorBody("TooManyRequests", error.message) };
      }
    },
  });
}

function textEndpoint(name: string, summary: string, text: () => string): Endpoint {
  return endpoint({
    method: "GET",
    path: `/debug/pprof/${name}`,
    summary,
    // Go's tools ask for one form or another; there is one.
    query: z.strictObject({ debug: z.string().optional() }),
    answers: { 200: { description: "text", contentType: "text/plain; charset=utf-8" } },
    handle: async () => ({ status: 200, body: text() }),
  });
}

function underWay(): string {
  const counts = new Map<string, number>();
  const kinds = process.getActiveResourcesInfo();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const lines = [...counts].sort().map(([kind, count]) => `${count} ${kind}\n`);
  return `goroutine profile: total ${kinds.length}\n${lines.join("")}`;
}
