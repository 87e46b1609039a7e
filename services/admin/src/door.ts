/** The door of the office: probes and open answers for everybody, everything else for who has the token and does not come too often. */
import { randomUUID } from "node:crypto";
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
import {
  type AdminRequest,
  type Endpoint,
  errorBody,
  type Responded,
} from "./endpoints/endpoint.ts";
import type { EndpointTable, Match } from "./endpoints/endpoint-table.ts";
import type { ActionEvent, OperatorTrail } from "./operator-trail.ts";
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
  /** Told of what operators do, and of who is refused as one. */
  readonly operators: Pick<OperatorTrail, "acted" | "refused">;
  readonly log: Log;
}

/** Answers one request. */
export async function answerAtDoor(request: SmallRequest, door: DoorParts): Promise<SmallAnswer> {
  const { method, path } = request;
  const isRead = method === "GET" || method === "HEAD";
  const open = isRead
    ? ((await probeAnswer(door.health, path)) ?? door.openAnswers.get(path))
    : undefined;
  if (open) return open;
  const startedAt = performance.now();
  const id = `admin-${randomUUID()}`;
  const match = door.endpoints.match(method, path);
  let status = 500;
  try {
    const refusal = await refuse(request, door);
    if (refusal) tellRefusal({ ...request, id }, door, { ...refusal, match });
    const answer = refusal?.answer ?? (await answerTo({ ...request, id }, match, door));
    ({ status } = answer);
    return { ...answer, headers: { ...answer.headers, "x-amz-request-id": id } };
  } finally {
    const seconds = (performance.now() - startedAt) / 1000;
    door.answered({ method, path: match.endpoint?.path, status, seconds });
  }
}

async function answerTo(
  request: AdminRequest,
  match: Match,
  { operators }: DoorParts,
): Promise<SmallAnswer> {
  if (!match.endpoint) return match.answer;
  const event = eventOf(match.endpoint);
  let ended: Responded | undefined;
  try {
    ended = await match.endpoint.respond(request, match.params);
    return ended.answer;
  } finally {
    const { id: requestId, clientIp } = request;
    const operation = operationOf(request, match);
    const { answer: { status } = { status: 500 }, ...more } = ended ?? {};
    if (event) operators.acted({ requestId, event, operation, clientIp, status, ...more });
  }
}

/** What may change something is in the trail; of what only looks, what its endpoint says. */
function eventOf({ event, method }: Endpoint): ActionEvent | undefined {
  return event ?? (method === "GET" ? undefined : "admin.action");
}

/** The path itself is anybody's to choose, and may be a token that was put in the wrong place. */
function operationOf({ method }: SmallRequest, { endpoint }: Match): string {
  return `${method} ${endpoint?.path ?? "unknown"}`;
}

interface Refusal {
  readonly answer: SmallAnswer;
  /** False for somebody who was let in and comes too often. */
  readonly isOfLogin: boolean;
}

async function refuse(
  { method, authorization, clientIp }: SmallRequest,
  door: DoorParts,
): Promise<Refusal | undefined> {
  if (!door.failures.has(clientIp)) return { answer: TOO_MANY, isOfLogin: true };
  if (!(await door.token.admits(authorization))) {
    door.failures.take(clientIp);
    return { answer: UNAUTHORIZED, isOfLogin: true };
  }
  const limit = method === "GET" || method === "HEAD" ? door.reads : door.requests;
  return limit.take(clientIp) ? undefined : { answer: TOO_MANY, isOfLogin: false };
}

function tellRefusal(
  request: AdminRequest,
  { log, operators }: DoorParts,
  { answer: { status }, isOfLogin, match }: Refusal & { readonly match: Match },
): void {
  const { id: requestId, method, path, clientIp } = request;
  log.warn({ requestId, method, path, clientIp, status }, "admin request refused");
  if (!isOfLogin) return;
  const error = status === 401 ? "Unauthorized" : "TooManyRequests";
  operators.refused({ requestId, operation: operationOf(request, match), clientIp, status, error });
}

const UNAUTHORIZED = jsonAnswer(
  401,
  errorBody("Unauthorized", "a valid bearer token is required"),
  { "www-authenticate": "Bearer" },
);
const TOO_MANY = jsonAnswer(429, errorBody("TooManyRequests", "too many requests"), {
  "retry-after": "60",
});
