/** Health and metrics on the S3 port. A signed request to a bucket of such a name is an S3 request, not a probe. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Health } from "@s3eg/shared/runtime/health.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** What probes are answered from. */
export interface Probes {
  readonly health: Health;
  /** Absent where metrics have a port of their own. */
  readonly metrics: Metrics | undefined;
}

/** Answers a probe; false if the request is none. */
export async function answerProbe(
  req: IncomingMessage,
  res: ServerResponse,
  { health, metrics }: Probes,
): Promise<boolean> {
  const isRead = req.method === "GET" || req.method === "HEAD";
  if (!isRead || isSigned(req)) return false;
  const answer = health.answer(req.url ?? "");
  if (answer) {
    const { status, body } = await answer;
    send(req, res, { status, type: "application/json", text: JSON.stringify(body) });
    return true;
  }
  if (req.url !== "/metrics" || !metrics) return false;
  send(req, res, { status: 200, type: metrics.contentType, text: await metrics.text() });
  return true;
}

function isSigned(req: IncomingMessage): boolean {
  return req.headers.authorization !== undefined || /[?&](X-Amz-)?Signature=/i.test(req.url ?? "");
}

function send(
  req: IncomingMessage,
  res: ServerResponse,
  { status, type, text }: { status: number; type: string; text: string },
): void {
  res.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  res.end(req.method === "HEAD" ? undefined : text);
}
