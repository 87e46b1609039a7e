/** The last events that were recorded, for a look at what is going on. The trail itself is with its sink, and is what counts. */
import type { TrailEvent } from "@s3eg/shared/contracts/status.ts";
import { z } from "zod";
import type { Watch } from "../watch/watch.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const Wish = z.string().min(1).max(256).optional();

const Query = z.strictObject({
  operation: Wish.describe("an operation of S3, or a type of event"),
  bucket: Wish,
  result: z.enum(["success", "failure"]).optional(),
  access_key: Wish.describe("access key or label of the credential"),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const EventBody = z.object({
  timestamp: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  operation: z.string(),
  bucket: z.string().optional(),
  key: z.string().optional(),
  client_ip: z.string().optional(),
  request_id: z.string().optional(),
  access_key: z.string().optional(),
  label: z.string().optional(),
  status: z.int().optional(),
  success: z.boolean(),
  error: z.string().optional(),
  bytes_in: z.number().optional(),
  bytes_out: z.number().optional(),
  duration_ms: z.number().optional(),
});

const TailBody = z.object({
  is_heard: z.boolean().describe("false while no audit service has told of anything"),
  omitted: z.number().describe("events that were recorded and, being too many, not told here"),
  events: z.array(EventBody).describe("newest first"),
});

/** `GET /admin/audit/tail`. */
export function auditTailEndpoints({ trail }: Watch): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/admin/audit/tail",
      summary: "The last recorded events, newest first; at most 2000 are remembered",
      query: Query,
      answers: { 200: { description: "those that fit all filters", schema: TailBody } },
      async handle({ query: { operation, bucket, result, access_key: accessKey, limit } }) {
        const found = trail.find({ operation, bucket, result, accessKey, limit });
        const { isHeard: is_heard, omitted } = trail;
        return { status: 200, body: { is_heard, omitted, events: found.map(eventBody) } };
      },
    }),
  ];
}

function eventBody(event: TrailEvent): z.infer<typeof EventBody> {
  const { timestamp, operation, bucket, key, label, status, success, error } = event;
  return {
    ...{ timestamp, operation, bucket, key, label, status, success, error },
    event_id: event.eventId,
    event_type: event.eventType,
    client_ip: event.clientIp,
    request_id: event.requestId,
    access_key: event.accessKey,
    bytes_in: event.bytesIn,
    bytes_out: event.bytesOut,
    duration_ms: event.durationMs,
  };
}
