/** Starts audit. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AuditSection } from "./config.ts";
import { openInbox } from "./inbox.ts";
import { Ledger } from "./ledger.ts";
import { openTrail } from "./open-trail.ts";
import { RecordedEvents, type TellingParts } from "./recorded-events.ts";
import { SeenEvents } from "./seen-events.ts";

/**
 * Starts the audit trail. Dispose it after the bus was drained: it then writes what is still waiting. Without `audit.enabled`
 * it does nothing. `config.invalid` if the sink cannot be used.
 */
export async function startAudit(given: {
  readonly config: AuditSection;
  /** For the key and the head of the chain, and what is still to be sent: of this process alone. */
  readonly folder: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How admin is told of what was recorded; absent: it is not. */
  readonly telling?: Pick<TellingParts, "proof"> | undefined;
}): Promise<AsyncDisposable> {
  const { config, bus, log, metrics, telling } = given;
  if (!config.enabled) return new AsyncDisposableStack();
  const { sink, overflow, max_events } = config;
  await using stack = new AsyncDisposableStack();
  const { chained, sending } = await openTrail(config, given);
  if (sending) stack.use(sending);
  const events = telling && stack.use(new RecordedEvents({ ...telling, bus, log }));
  const ledger = new Ledger({
    writer: {
      write: events?.watching(chained) ?? ((lines) => chained.write(lines)),
      settle: () => chained.settle(),
    },
    log,
    dropped: metrics.counter({
      name: "dropped_audit_events_total",
      help: "Audit events that could not be written.",
    }),
    maxWaiting: max_events,
    retryCount: sink.retry_count,
    retryBackoffMs: sink.retry_backoff,
    overflow,
  });
  const seen = new SeenEvents(chained.knownEvents);
  openInbox(bus, { ledger, seen, redactedKeys: config.redact_metadata_keys });
  stack.use(ledger);
  return stack.move();
}
