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
import type { AnsweredRequest } from "./admin-metrics.ts";
import { errorBody } from "./endpoints/endpoint.ts";
import type { EndpointTable, Match } from "./endpoints/endpoint-table.ts";
import type { TokenKeeper } from "./token.ts";

/** What the door is made of. */
export interface DoorParts {
  readonly token: TokenKeeper;
  readonly health: Health;
  /** Answers to GET by path that need no token. */
  readonly openAnswers: ReadonlyMap<string, SmallAnswer>;
  readonly endpoints: EndpointTable;
  /** Counts requests that were let in and may change something. */
  readonly requests: RateLimit;
  /** Counts those that were let in and only look. */
  readonly reads: RateLimit;
  /** Counts failed logins. Once a client has used them up, not even the right token is looked at. */
  readonly failures: RateLimit;
  /** Told of every request but those that are open to everybody. */
  readonly answered: (request: AnsweredRequest) => void;
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
  const startedAt = performance.now();
  const match = door.endpoints.match(method, path);
  let status = 500;
  try {
    const refusal = await refuse(request, door);
    const answer = refusal ?? (await answerTo(request, match));
    ({ status } = answer);
    if (refusal) door.log.warn({ method, path, clientIp, status }, "admin request refused");
    return answer;
  } finally {
    const seconds = (performance.now() - startedAt) / 1000;
    door.answered({ method, path: match.endpoint?.path, status, seconds });
  }
}

async function answerTo(request: SmallRequest, match: Match): Promise<SmallAnswer> {
  return match.endpoint ? await match.endpoint.respond(request, match.params) : match.answer;
}

async function refuse(
  { method, authorization, clientIp }: SmallRequest,
  door: DoorParts,
): Promise<SmallAnswer | undefined> {
  if (!door.failures.has(clientIp)) return TOO_MANY;
  if (!(await door.token.admits(authorization))) {
    door.failures.take(clientIp);
    return UNAUTHORIZED;
  }
  const limit = method === "GET" || method === "HEAD" ? door.reads : door.requests;
  return limit.take(clientIp) ? undefined : TOO_MANY;
}

const UNAUTHORIZED = jsonAnswer(
  401,
  errorBody("Unauthorized", "a valid bearer token is required"),
  { "www-authenticate": "Bearer" },
);
const TOO_MANY = jsonAnswer(429, errorBody("TooManyRequests", "too many requests"), {
  "retry-after": "60",
});
