/** What admin answers. */
import type { SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";
import { consoleFiles } from "./console-files.ts";
import { auditTailEndpoints } from "./endpoints/audit-tail.ts";
import { configurationEndpoints, type ShownSetting } from "./endpoints/configuration.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import { EndpointTable } from "./endpoints/endpoint-table.ts";
import { jobEndpoints } from "./endpoints/jobs.ts";
import { keyVersionEndpoints, type LookedAt } from "./endpoints/key-versions.ts";
import { logLevelEndpoints } from "./endpoints/log-level.ts";
import { metricsEndpoints } from "./endpoints/metrics.ts";
import { multipartEndpoints } from "./endpoints/multipart.ts";
import { openApiEndpoint } from "./endpoints/open-api.ts";
import { profilingEndpoints } from "./endpoints/profiling.ts";
import { rotationEndpoints } from "./endpoints/rotation.ts";
import { servicesEndpoints } from "./endpoints/services.ts";
import { statusEndpoints } from "./endpoints/status.ts";
import type { Office } from "./office.ts";
import { openProfiler } from "./profiler.ts";
import type { Watch } from "./watch/watch.ts";

/** What is known beyond the process itself. */
export interface Sights {
  /** What was heard of all processes. */
  readonly watch: Watch;
  /** Every look at which key versions objects need. */
  readonly lookedAt: () => Promise<readonly LookedAt[]>;
  /** The settings that the process goes by now. */
  readonly settings: () => readonly ShownSetting[];
}

/** Everything that needs the bearer token. */
export function openInbox(office: Office, sights: Sights): EndpointTable {
  const { watch, lookedAt, settings } = sights;
  const { config, metrics, roles } = office;
  const { profiling } = config;
  const profiler = openProfiler({ maxConcurrent: profiling.max_concurrent_profiles });
  const endpoints: Endpoint[] = [
    ...metricsEndpoints(office),
    ...statusEndpoints(office),
    ...rotationEndpoints(office),
    ...servicesEndpoints(watch),
    ...keyVersionEndpoints(office, lookedAt),
    ...auditTailEndpoints(watch),
    ...multipartEndpoints(office),
    ...jobEndpoints(office),
    ...configurationEndpoints(roles, settings),
    ...logLevelEndpoints(office, watch),
    ...profilingEndpoints({ config: profiling, metrics, profiler }),
  ];
  return new EndpointTable([...endpoints, openApiEndpoint(endpoints, office.version)]);
}

/** Fixed answers to GET by path, given to everybody: nothing of the process or of its users may be in them. */
export function openAnswers(): ReadonlyMap<string, SmallAnswer> {
  return consoleFiles();
}
