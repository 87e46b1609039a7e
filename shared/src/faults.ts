/**
 * What can go wrong inside the gateway: one table of codes and one error class. A fault keeps its code across the bus and
 * across a transfer, so a caller's `catch` looks the same whether the answer came from this process or another one.
 */

/** Every fault code, and whether the same request may succeed when it is tried again. */
export const FAULTS = {
  "auth.denied": { isRetryable: false },
  "auth.expired": { isRetryable: false },
  "auth.malformed-header": { isRetryable: false },
  "auth.malformed-query": { isRetryable: false },
  "auth.missing": { isRetryable: false },
  "auth.signature-mismatch": { isRetryable: false },
  "auth.skewed-clock": { isRetryable: false },
  "auth.unknown-key": { isRetryable: false },
  "auth.unsupported": { isRetryable: false },
  "backend.changed": { isRetryable: true },
  "backend.refused": { isRetryable: false },
  "backend.throttled": { isRetryable: true },
  "backend.unavailable": { isRetryable: true },
  "bus.no-responder": { isRetryable: true },
  "bus.timeout": { isRetryable: true },
  "bus.unavailable": { isRetryable: true },
  "client.gone": { isRetryable: false },
  "client.stalled": { isRetryable: false },
  "config.invalid": { isRetryable: false },
  "crypto.integrity": { isRetryable: false },
  "crypto.invalid-range": { isRetryable: false },
  "crypto.not-permitted": { isRetryable: false },
  "crypto.not-sealed": { isRetryable: false },
  "crypto.unavailable": { isRetryable: true },
  "input.bad-digest": { isRetryable: false },
  "input.incomplete-body": { isRetryable: false },
  "input.invalid": { isRetryable: false },
  "input.invalid-digest": { isRetryable: false },
  "input.invalid-uri": { isRetryable: false },
  "input.malformed-chunk": { isRetryable: false },
  "input.malformed-xml": { isRetryable: false },
  "input.sha256-mismatch": { isRetryable: false },
  "internal.bug": { isRetryable: false },
  "keys.denied": { isRetryable: false },
  "keys.refused": { isRetryable: false },
  "keys.unavailable": { isRetryable: true },
  "keys.unknown-key": { isRetryable: false },
  "limit.body-too-large": { isRetryable: false },
  "limit.busy": { isRetryable: true },
  "limit.metadata-too-large": { isRetryable: false },
  "state.unavailable": { isRetryable: true },
  "state.unknown-upload": { isRetryable: false },
  "transfer.broken": { isRetryable: true },
} as const satisfies Record<string, { isRetryable: boolean }>;

/** A row of FAULTS. */
export type FaultCode = keyof typeof FAULTS;

/** Facts that belong to a fault and may be shown to whoever asked: plain JSON, never a secret. */
export type FaultDetails = Readonly<Record<string, string | number | boolean>>;

/** An expected failure: bad input, a broken network, a refusal. Broken invariants are assertions, not faults. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly details: FaultDetails;

  constructor(
    code: FaultCode,
    message: string,
    options: { cause?: unknown; details?: FaultDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = Object.freeze({ ...options.details });
  }

  get isRetryable(): boolean {
    return FAULTS[this.code].isRetryable;
  }
}

/** True if `error` is a Fault, and one of `codes` where any are given. */
export function isFault(error: unknown, ...codes: FaultCode[]): error is Fault {
  return error instanceof Fault && (codes.length === 0 || codes.includes(error.code));
}

/** How what threw `error` ended, as a label of metrics: a fault's code, `internal.bug` for whatever is none. */
export function codeOf(error: unknown): FaultCode {
  return error instanceof Fault ? error.code : "internal.bug";
}

/** The form in which a fault crosses a process boundary. The cause stays behind: it is for the log of the side that failed. */
export interface WireFault {
  readonly code: FaultCode;
  readonly message: string;
  readonly details: FaultDetails;
}

/** A fault as it is sent. Anything that is not a Fault becomes `internal.bug` with a message that tells nothing. */
export function toWireFault(error: unknown): WireFault {
  if (error instanceof Fault) {
    return { code: error.code, message: error.message, details: error.details };
  }
  return { code: "internal.bug", message: "internal error", details: {} };
}

/** The fault that `toWireFault` was given, rebuilt from what arrived; an unknown code becomes `internal.bug`. */
export function fromWireFault(wire: unknown): Fault {
  const { code, message, details } = (typeof wire === "object" && wire !== null ? wire : {}) as {
    code?: unknown;
    message?: unknown;
    details?: unknown;
  };
  const known = typeof code === "string" && Object.hasOwn(FAULTS, code);
  return new Fault(
    known ? (code as FaultCode) : "internal.bug",
    typeof message === "string" ? message : "internal error",
    { details: plainDetails(details) },
  );
}

function plainDetails(details: unknown): FaultDetails {
  if (typeof details !== "object" || details === null) return {};
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) =>
      ["string", "number", "boolean"].includes(typeof value),
    ),
  ) as FaultDetails;
}
