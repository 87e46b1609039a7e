/** Faults on demand: what goes wrong with the next request a test names. */

/**
 * What can go wrong.
 * - `slow`: waits `delayMs` (default 50) before the operation and at every piece of a body.
 * - `hang`: takes the request and never answers.
 * - `status-503`: answers SlowDown without doing anything.
 * - `cut-request`: resets the connection after `afterBytes` of the request's body; nothing is stored.
 * - `cut-response`: does its work, then resets the connection after `afterBytes` of the answer's body; without `afterBytes` before a
 *   byte of the answer.
 * - `end-response`: the same with a clean end of the connection: fewer bytes than Content-Length says.
 * - `truncate`: answers with the first `afterBytes` of the body (default: all but one) as if that were all.
 * - `wrong-etag`: answers with an ETag that is not the object's.
 */
type FaultKind =
  | "slow"
  | "hang"
  | "status-503"
  | "cut-request"
  | "cut-response"
  | "end-response"
  | "truncate"
  | "wrong-etag";

/** A fault that waits for its request. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** Which requests it is for; all by default. `bucket` and `key` are `""` where a request has none. */
  readonly match?: (method: string, bucket: string, key: string) => boolean;
  readonly afterBytes?: number;
  readonly delayMs?: number;
  /** How many requests it is for; 1 by default. */
  readonly count?: number;
}

/** The faults planned. */
export class FaultSwitch {
  #planned: { fault: PlannedFault; left: number }[] = [];

  /** Plans a fault for the next requests that it matches. */
  next(fault: PlannedFault): void {
    this.#planned.push({ fault, left: fault.count ?? 1 });
  }

  /** Plans nothing any more. */
  clear(): void {
    this.#planned = [];
  }

  /** The fault for a request, counted as used. */
  take(method: string, bucket: string, key: string): PlannedFault | undefined {
    const found = this.#planned.find(({ fault }) => fault.match?.(method, bucket, key) ?? true);
    if (!found) return undefined;
    found.left--;
    this.#planned = this.#planned.filter(({ left }) => left > 0);
    return found.fault;
  }
}
