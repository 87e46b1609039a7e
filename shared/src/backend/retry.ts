/** When a request to the backend is sent again, and after how long. */
import { type Fault, isFault } from "../faults.ts";
import { type NamedRequest, operationName } from "../s3/operation-name.ts";

/** How often and how patiently is retried; times in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all; 1 means never again. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly jitter: "full" | "equal" | "decorrelated" | "none";
  /** Attempts of single operations, by the name that AWS gives them, in place of `maxAttempts`. */
  readonly perOperation?: Readonly<Record<string, number>>;
  /** False: no copy is sent twice. Absent: copies are requests like others. */
  readonly repeatsCopies?: boolean;
}

/** Attempts that a request may take in all. */
export function attemptsOf(policy: RetryPolicy, request: NamedRequest): number {
  const { maxAttempts, perOperation = {}, repeatsCopies = true } = policy;
  const isCopy = request.headers?.["x-amz-copy-source"] !== undefined;
  if (isCopy && !repeatsCopies) return 1;
  const operation = operationName(request);
  return operation === undefined ? maxAttempts : (perOperation[operation] ?? maxAttempts);
}

/** Why an attempt is repeated; also the `reason` label of the metrics. */
export type RetryReason =
  | "connect"
  | "conn_reset"
  | "internal_500"
  | "throttle_429"
  | "throttle_503";

/** What of a request decides whether it may be sent again. */
export interface Replayable {
  readonly method: string;
  /** Its body is a stream, of which nothing can be sent twice. */
  readonly isStreamed: boolean;
  /** It holds only in a certain state of the object, which a first attempt that was lost may have changed. */
  readonly isConditional: boolean;
}

const REASON_OF_STATUS: Readonly<Record<number, RetryReason>> = {
  429: "throttle_429",
  500: "internal_500",
  502: "throttle_503",
  503: "throttle_503",
  504: "throttle_503",
};

/** The reason to repeat a request that got an answer with `status`, or undefined. */
export function retryReasonOfStatus(request: Replayable, status: number): RetryReason | undefined {
  if (!mayReplay(request)) return undefined;
  // Only these two say that nothing was done.
  const isUndone = status === 429 || status === 503;
  return isUndone || isHarmlessTwice(request) ? REASON_OF_STATUS[status] : undefined;
}

/** The reason to repeat a request that got no answer, or undefined. */
export function retryReasonOfError(request: Replayable, error: unknown): RetryReason | undefined {
  if (!isFault(error, "backend.unavailable")) return undefined;
  // No byte was sent: nothing can have happened twice, and a stream has not been touched.
  if (error.details.phase === "connect") return "connect";
  const isReplayable = mayReplay(request) && isHarmlessTwice(request);
  return isReplayable && wasIdleTooLong(error) ? "conn_reset" : undefined;
}

function mayReplay({ method, isStreamed }: Replayable): boolean {
  return !isStreamed && method !== "POST";
}

/** A conditional write that took place makes its own repetition fail. */
function isHarmlessTwice({ method, isConditional }: Replayable): boolean {
  return method === "GET" || method === "HEAD" || !isConditional;
}

/** The server had closed a kept connection meanwhile, most likely. */
function wasIdleTooLong(error: Fault): boolean {
  return error.details.phase === "reset" && error.details.isReused === true;
}

/** What is known when the next wait is chosen. */
export interface BackoffState {
  /** Attempts made so far. */
  readonly attempts: number;
  /** The wait before this one, in milliseconds; 0 for none. */
  readonly lastMs: number;
  /** What the server asked for, in milliseconds. */
  readonly askedMs?: number | undefined;
}

/** The wait before the next attempt, in milliseconds; undefined if the server asks for more than twice `maxBackoffMs`. */
export function backoffMs(
  policy: RetryPolicy,
  { attempts, lastMs, askedMs = 0 }: BackoffState,
  random: () => number = Math.random,
): number | undefined {
  if (askedMs > 2 * policy.maxBackoffMs) return undefined;
  const top = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * 2 ** (attempts - 1));
  return Math.max(askedMs, Math.round(jittered(policy, { top, lastMs }, random)));
}

function jittered(
  { jitter, initialBackoffMs, maxBackoffMs }: RetryPolicy,
  { top, lastMs }: { top: number; lastMs: number },
  random: () => number,
): number {
  switch (jitter) {
    case "none":
      return top;
    case "equal":
      return top / 2 + (random() * top) / 2;
    case "decorrelated": {
      const spread = Math.max(0, lastMs * 3 - initialBackoffMs);
      return Math.min(maxBackoffMs, initialBackoffMs + random() * spread);
    }
    default:
      return random() * top;
  }
}

/** `Retry-After` in milliseconds from `now` (RFC 9110 §10.2.3), or undefined for none that can be read. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const FULL_BUDGET = 100;
const RETRY_COST = 1;
const SUCCESS_REFUND = 0.1;

/** Bounds the share of retries: when most requests fail, repeating them all would only add to the load that makes them fail. */
export class RetryBudget {
  #tokens = FULL_BUDGET;

  /** True if a retry may be made; it is then paid for. */
  spend(): boolean {
    if (this.#tokens < RETRY_COST) return false;
    this.#tokens -= RETRY_COST;
    return true;
  }

  /** A request succeeded. */
  refund(): void {
    this.#tokens = Math.min(FULL_BUDGET, this.#tokens + SUCCESS_REFUND);
  }
}
