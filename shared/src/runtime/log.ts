/** The log: one JSON line per event on standard output, through pino. Loggers are passed in, never imported. */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { pino, stdTimeFunctions } from "pino";
import { Fault } from "../faults.ts";

/** Facts of one event, camelCase: a record built for the log, never a request as it came (what of one is logged: edge/src/access-log.ts). Errors go in as `err`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What a service needs of a logger. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose lines all carry `fields`. */
  child(fields: LogFields): Log;
}

/** Levels that can be configured (`log_level`). */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Takes whole lines. */
export interface LogDestination {
  write(line: string): void;
}

/** A log whose level can be changed while it is written; every log made of it by `child` has the same. */
export interface AdjustableLog extends Log {
  setLevel(level: LogLevel): void;
}

/** Makes the log of a service (or of a process with several). Lines go to standard output unless `destination` is given. */
export function createLog(options: {
  readonly service: string;
  readonly level: LogLevel;
  readonly destination?: LogDestination;
}): AdjustableLog {
  const lines: Log = pino(
    {
      // Which lines are written is said below: a child of pino's keeps the level that it began with.
      level: LOG_LEVELS[0],
      base: { service: options.service, instance: `${hostname()}-${process.pid}` },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (record) => withoutSecrets(record),
      },
      serializers: { ...SECRET_SERIALIZERS, err: errorForLog },
    },
    options.destination ?? standardOutput(),
  );
  const threshold = { rank: LOG_LEVELS.indexOf(options.level) };
  return {
    ...withThreshold(lines, threshold),
    setLevel(level) {
      threshold.rank = LOG_LEVELS.indexOf(level);
    },
  };
}

/** Passes on what is important enough now. */
function withThreshold(lines: Log, threshold: { readonly rank: number }): Log {
  const [debug, info, warn, error] = LOG_LEVELS.map((level, rank) => {
    const write = (fields: LogFields, message: string) => {
      if (rank >= threshold.rank) lines[level](fields, message);
    };
    return write;
  });
  assert(debug && info && warn && error);
  return {
    debug,
    info,
    warn,
    error,
    child: (fields) => withThreshold(lines.child(fields), threshold),
  };
}

/** Gathered to one system call this often, and at this size. A warning or an error is written at once. */
const FLUSH_MS = 100;
const FLUSH_BYTES = 8 * 1024;

function standardOutput(): LogDestination {
  const gather = { minLength: FLUSH_BYTES, periodicFlush: FLUSH_MS };
  const output = pino.destination({ dest: 1, sync: true, ...gather });
  process.on("exit", () => output.flushSync());
  return {
    write(line) {
      output.write(line);
      if (!line.startsWith('{"level":"info"') && !line.startsWith('{"level":"debug"'))
        output.flushSync();
    },
  };
}

/** Names under which a secret could slip in; only the second lock, `Secret` is the first. */
const SECRET_NAMES = new Set([
  "authorization",
  "datakey",
  "password",
  "secret",
  "secret_key",
  "secretkey",
  "token",
  "x-amz-security-token",
  "x-amz-signature",
]);
/** For what a child log is bound to, which no formatter sees. */
const SECRET_SERIALIZERS = Object.fromEntries(
  [...SECRET_NAMES, "dataKey", "secretKey"].map((name) => [name, () => "[secret]"]),
);
/** How deep a record is looked through. */
const MAX_DEPTH = 3;

/** The record without what stands under a secret's name. A record without such a name, the usual one, is passed on as it is. */
function withoutSecrets(record: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let safe = record;
  for (const name in record) {
    const value = record[name];
    const kept = SECRET_NAMES.has(name.toLowerCase()) ? "[secret]" : withinPlain(value, depth);
    if (kept === value) continue;
    if (safe === record) safe = { ...record };
    safe[name] = kept;
  }
  return safe;
}

/** Errors and values with a print of their own are their serializers' business. */
function withinPlain(value: unknown, depth: number): unknown {
  const isPlain =
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  return isPlain && depth < MAX_DEPTH
    ? withoutSecrets(value as Record<string, unknown>, depth + 1)
    : value;
}

/** Causes deeper than this tell nothing new. */
const MAX_CAUSES = 4;

/** The parts of an error that are ours to print: libraries hang whole requests on theirs. */
function errorForLog(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    ...(typeof code === "string" ? { code } : {}),
    message: error.message,
    ...(error instanceof Fault ? { details: error.details } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth === MAX_CAUSES
      ? {}
      : { cause: errorForLog(error.cause, depth + 1) }),
  };
}
