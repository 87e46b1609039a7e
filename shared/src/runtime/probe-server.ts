/** The listener of `metrics.addr`: metrics and probes without authentication, apart from S3 and the admin API. */
import {
  jsonAnswer,
  type Listening,
  type SmallAnswer,
  type SmallRequest,
  serveAnswers,
} from "./answer-server.ts";
import type { ListenAddress } from "./config.ts";
import type { Health } from "./health.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** Serves `GET /metrics` and every probe of `Health`. */
export function serveProbes(options: {
  readonly address: ListenAddress;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Log;
}): Promise<Listening> {
  const { address, health, metrics, log } = options;
  const answer = async (request: SmallRequest): Promise<SmallAnswer> => {
    if (!["GET", "HEAD"].includes(request.method)) return NOT_ALLOWED;
    if (request.path === "/metrics") return metricsAnswer(metrics);
    return (await probeAnswer(health, request.path)) ?? NOT_FOUND;
  };
  return serveAnswers({ address, answer, log });
}

/** What a probe of `path` is answered; undefined if it is none. */
export async function probeAnswer(health: Health, path: string): Promise<SmallAnswer | undefined> {
  const answer = await health.answer(path);
  return answer && jsonAnswer(answer.status, answer.body);
}

/** All metrics of the process. */
async function metricsAnswer(metrics: Metrics): Promise<SmallAnswer> {
  return {
    status: 200,
    headers: { "content-type": metrics.contentType },
    body: await metrics.text(),
  };
}

const NOT_FOUND: SmallAnswer = { status: 404, body: "" };
const NOT_ALLOWED: SmallAnswer = { status: 405, headers: { allow: "GET, HEAD" }, body: "" };
