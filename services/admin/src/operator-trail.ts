/** What operators do, and who was refused as one, as the log and the audit trail have it. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  type AdminAction,
  type AdminWish,
  recordAdminAction,
} from "@s3eg/shared/contracts/audit.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { type RefusedLogin, RefusedLogins } from "./refused-logins.ts";

/** The names that events of requests have. */
export type ActionEvent = Exclude<AdminAction["event"], "auth.failure">;

/** A request of an operator that was let in, and how it ended. */
export interface DoneAction {
  readonly requestId: string;
  readonly event: ActionEvent;
  /** Method and path of the endpoint. */
  readonly operation: string;
  readonly clientIp: string;
  readonly status: number;
  /** Code of the error. */
  readonly error?: string;
  /** What was asked for; absent where it was not understood. */
  readonly wish?: AdminWish;
}

/** Takes what is to be in the trail. Nobody waits for it and nothing fails for it: an operator must get in while audit is away. Disposing waits. */
export interface OperatorTrail extends AsyncDisposable {
  acted(action: DoneAction): void;
  /** Only ever a few of them are told of, with their number. */
  refused(login: RefusedLogin): void;
}

/** Where it is told. */
export interface OperatorTrailParts {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether there is a trail; without one what operators do is logged alone. */
  readonly isAudited: boolean;
}

/** Logs every action, and has audit write it where there is one. What could not be written is logged and counted. */
export function openOperatorTrail(parts: OperatorTrailParts): OperatorTrail {
  const { log } = parts;
  const recorder = new Recorder(parts);
  const logins = new RefusedLogins((login) =>
    recorder.record({ ...login, ...now(), event: "auth.failure", success: false }),
  );
  return {
    acted(action) {
      const { requestId, operation: op, event, clientIp, status, error, wish } = action;
      log.info({ requestId, op, event, clientIp, status, code: error, wish }, "admin action");
      const success = status < 400;
      recorder.record({ ...action, ...now(), authentication: "bearer", success });
    },
    refused: (login) => logins.add(login),
    async [Symbol.asyncDispose]() {
      logins[Symbol.dispose]();
      await recorder.settled();
    },
  };
}

/** Asks audit to write events, and knows which are under way. */
class Recorder {
  readonly #parts: OperatorTrailParts;
  readonly #dropped;
  readonly #underWay = new Set<Promise<void>>();

  constructor(parts: OperatorTrailParts) {
    this.#parts = parts;
    this.#dropped = parts.metrics.counter({
      name: "dropped_audit_events_total",
      help: "Audit events that could not be written.",
    });
  }

  record(fact: AdminAction): void {
    if (!this.#parts.isAudited) return;
    const recording = this.#ask(fact).finally(() => this.#underWay.delete(recording));
    this.#underWay.add(recording);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #ask(fact: AdminAction): Promise<void> {
    const { bus, log } = this.#parts;
    const { requestId, event, operation: op, clientIp, status } = fact;
    try {
      await bus.request(recordAdminAction, fact, { requestId });
    } catch (err) {
      this.#dropped.add({});
      log.error({ err, requestId, event, op, clientIp, status }, "audit event was not written");
    }
  }
}

function now() {
  return { timestamp: new Date().toISOString() };
}
