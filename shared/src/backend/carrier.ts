/** What lies below the S3 backend: something that carries one finished HTTP/1.1 request to one host and brings the answer. */
import { Fault } from "../faults.ts";
import type { Body } from "../http/body.ts";
import type { BackendRequest, HeaderFields } from "./backend.ts";

/** A request as it goes on the wire: addressed, signed, every header the server is to see except those of message framing. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, percent-encoded. It is sent as it is. */
  readonly target: string;
  /** With `host`, without `content-length`, `transfer-encoding` and `connection`; values are latin-1. */
  readonly headers: HeaderFields;
  readonly body?: BackendRequest["body"];
  readonly signal?: AbortSignal;
  /** Ask for a connection that was never used before. A carrier that cannot promise it ignores it. */
  readonly isFresh?: boolean;
}

/** An answer as it came from the wire. `body` must be pumped or destroyed. */
export interface WireResponse {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly body: Body;
  /** True if the connection had, or may have had, an exchange before this one. */
  readonly isReused: boolean;
}

/** Carries requests. Rejects with `lostExchange` faults, the error of a body that rejected, or the reason of an aborted signal. */
export interface Carrier extends AsyncDisposable {
  exchange(request: WireRequest): Promise<WireResponse>;
  /** Keeps no idle connection from now on; what runs goes on. */
  retire(): void;
}

/**
 * How far an exchange came before it was lost. `connect`: no byte was sent. `reset`: the connection broke before the first byte of an answer.
 * `answer`: the answer was malformed or cut short. `stalled`: no byte moved for too long.
 */
export type LostPhase = "connect" | "reset" | "answer" | "stalled";

/** `backend.unavailable`, with the phase among its details. The message names no host. */
export function lostExchange(
  phase: LostPhase,
  message: string,
  options: { cause?: unknown; isReused?: boolean } = {},
): Fault {
  return new Fault("backend.unavailable", message, {
    cause: options.cause,
    details: { phase, ...(options.isReused === undefined ? {} : { isReused: options.isReused }) },
  });
}

/** Milliseconds that an unused connection is kept: less than the five seconds after which many servers close theirs. */
export const KEEP_IDLE_MS = 4000;

/** The reason of an aborted signal, as an Error. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error
    ? reason
    : new Fault("client.gone", "request aborted", { cause: reason });
}
