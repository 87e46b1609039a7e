/** The door of the office: probes and open answers for everybody, everything else for who has the token and does not come too often. */
import {
  jsonAnswer,
  type SmallAnswer,
  type SmallRequest,
} from "@s3eg/shared/runtime/answer-server.ts";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { probeAnswer } from "@s3eg/shared/runtime/probe-server.ts";
import type { RateLimit } from "@s3eg/shared/runtime/rate-limit.ts";
import { errorBody } from "./endpoints/endpoint.ts";
import type { EndpointTable } from "./endpoints/endpoint-table.ts";
import type { TokenKeeper } from "./token.ts";

/** What the door is made of. */
export interface DoorParts {
  readonly token: TokenKeeper;
  readonly health: Health;
  /** Answers to GET by path that need no token. */
  readonly openAnswers: ReadonlyMap<string, SmallAnswer>;
  readonly endpoints: EndpointTable;
  /** Counts requests that were let in. */
  readonly requests: RateLimit;
  /** Counts failed logins. Once a client has used them up, not even the right token is looked at. */
  readonly failures: RateLimit;
  readonly log: Log;
}

/** Answers one request. */
export async function answerAtDoor(request: SmallRequest, door: DoorParts): Promise<SmallAnswer> {
  const { method, path, clientIp } = request;
  const isRead = method === "GET" || method === "HEAD";
  const open = isRead
    ? ((await probeAnswer(door.health, path)) ?? door.openAnswers.get(path))
    : undefined;
  if (open) return open;
  const refusal = await refuse(request, door);
  if (refusal) {
    door.log.warn({ method, path, clientIp, status: refusal.status }, "admin request refused");
    return refusal;
  }
  const match = door.endpoints.match(method, path);
  return match.endpoint ? await match.endpoint.respond(request, match.params) : match.answer;
}

async function refuse(
  { authorization, clientIp }: SmallRequest,
  door: DoorParts,
): Promise<SmallAnswer | undefined> {
  if (!door.failures.has(clientIp)) return TOO_MANY;
  if (!(await door.token.admits(authorization))) {
    door.failures.take(clientIp);
    return UNAUTHORIZED;
  }
  return door.requests.take(clientIp) ? undefined : TOO_MANY;
}

const UNAUTHORIZED = jsonAnswer(
  401,
  errorBody("Unauthorized", "a valid bearer token is required"),
  { "www-authenticate": "Bearer" },
);
const TOO_MANY = jsonAnswer(429, errorBody("TooManyRequests", "too many requests"), {
  "retry-after": "60",
});
