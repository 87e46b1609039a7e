/** What every process announces of itself, and audit of what it recorded: heard by admin. Facts for operators; no key, no plaintext, no secret. */
import { z } from "zod";
import { announcement } from "./contract.ts";

const Count = z.number().nonnegative();
const Name = z.string().max(200);

/** Bounds of a fact: who announces more is not heard. */
const MAX_CHECKS = 32;
const MAX_BUCKETS = 40;

/** What a role did since its process started. All of it only ever grows. */
export const RoleWork = z.looseObject({
  role: Name,
  /** Requests, questions or transfers that have ended. */
  requests: Count,
  /** Of them: refused for something the asker did. */
  refusals: Count,
  /** Of them: failed for another reason. */
  errors: Count,
  bytesIn: Count,
  bytesOut: Count,
  /** How many took at most `le` seconds; the last one has no `le` and counts all. */
  durations: z.array(z.object({ le: z.number().optional(), count: Count })).max(MAX_BUCKETS),
});
export type RoleWork = z.infer<typeof RoleWork>;

/** What a process says of itself. Times are milliseconds since 1970. Loose: a proof covers what a later version may add, too. */
export const ProcessState = z.looseObject({
  /** Another one at every start. */
  id: z.uuid(),
  host: Name,
  pid: z.int().positive(),
  roles: z.array(Name).min(1).max(16),
  version: Name,
  zone: Name,
  startedAtMs: z.int(),
  phase: z.enum(["starting", "running", "draining", "stopped"]),
  /** Its dependencies by name (runtime/health.ts). */
  checks: z
    .record(Name, z.enum(["ok", "unavailable"]))
    .refine((checks) => Object.keys(checks).length <= MAX_CHECKS),
  /** Connections of clients and work under way. */
  inFlight: Count,
  memoryBytes: Count,
  /** Seconds of CPU since the start. */
  cpuSeconds: Count,
  work: z.array(RoleWork).max(16),
  /** What it logs. */
  logLevel: z.enum(["debug", "info", "warn", "error"]).optional(),
});
export type ProcessState = z.infer<typeof ProcessState>;

/** When it was announced, and the proof of it (trust/announcement-proof.ts), base64; no proof is needed within one process. */
const Proven = { announcedAtMs: z.int(), mac: z.base64() };

/** Announced by every process every two seconds and on change, heard by admin: what it is and how it is. */
export const processAlive = announcement("admin.process.alive", ProcessState.extend(Proven));
export type ProcessAlive = z.infer<typeof processAlive.fact>;

/** An event as the trail has it, as far as a console shows it. */
export const TrailEvent = z.object({
  timestamp: z.string().max(40),
  eventId: z.string().max(80),
  eventType: Name,
  operation: Name,
  bucket: z.string().max(256).optional(),
  key: z.string().max(4096).optional(),
  clientIp: Name.optional(),
  requestId: Name.optional(),
  accessKey: Name.optional(),
  label: Name.optional(),
  status: z.int().optional(),
  success: z.boolean(),
  error: z.string().max(1000).optional(),
  bytesIn: Count.optional(),
  bytesOut: Count.optional(),
  durationMs: Count.optional(),
});
export type TrailEvent = z.infer<typeof TrailEvent>;

/** Most events of one announcement, so that it stays a small message. */
export const MAX_ANNOUNCED_EVENTS = 100;

/**
 * Announced by audit at most once a second, heard by admin: what was recorded since. Of more than fit, what failed goes first and the newest
 * of the others; `omitted` were recorded and are not told.
 */
export const eventsRecorded = announcement(
  "admin.audit-events.recorded",
  z.object({
    events: z.array(TrailEvent).max(MAX_ANNOUNCED_EVENTS),
    omitted: Count,
    ...Proven,
  }),
);
export type EventsRecorded = z.infer<typeof eventsRecorded.fact>;
