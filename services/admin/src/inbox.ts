/** What admin answers. */
import type { SmallAnswer } from "@s3eg/shared/runtime/answer-server.ts";
import type { Endpoint } from "./endpoints/endpoint.ts";
import { EndpointTable } from "./endpoints/endpoint-table.ts";
import { metricsEndpoints } from "./endpoints/metrics.ts";
import { openApiEndpoint } from "./endpoints/open-api.ts";
import { rotationEndpoints } from "./endpoints/rotation.ts";
import { statusEndpoints } from "./endpoints/status.ts";
import type { Office } from "./office.ts";

/** Everything that needs the bearer token. */
export function openInbox(office: Office): EndpointTable {
  const endpoints: Endpoint[] = [
    ...metricsEndpoints(office),
    ...statusEndpoints(office),
    ...rotationEndpoints(office),
  ];
  return new EndpointTable([...endpoints, openApiEndpoint(endpoints, office.version)]);
}

/** Fixed answers to GET by path, given to everybody: nothing of the process or of its users may be in them. */
export function openAnswers(): ReadonlyMap<string, SmallAnswer> {
  return new Map();
}
