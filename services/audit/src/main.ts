/** Starts audit. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AuditSection } from "./config.ts";
import { openInbox } from "./inbox.ts";
import { Ledger } from "./ledger.ts";
import { fileSink } from "./sinks/file-sink.ts";
import { stdoutSink } from "./sinks/stdout-sink.ts";

/**
 * Starts the audit trail. Dispose it after the bus was drained: it then writes what is still waiting. Without `audit.enabled`
 * it does nothing. `config.invalid` if the sink cannot be used.
 */
export async function startAudit(given: {
  readonly config: AuditSection;
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
}): Promise<AsyncDisposable> {
  const { config, bus, log, metrics } = given;
  if (!config.enabled) return new AsyncDisposableStack();
  const { type, file_path, file_mode, retry_count, retry_backoff } = config.sink;
  const ledger = new Ledger({
    sink:
      type === "file" && file_path !== undefined
        ? await fileSink(file_path, file_mode)
        : stdoutSink(process.stdout),
    log,
    dropped: metrics.counter({
      name: "dropped_audit_events_total",
      help: "Audit events that could not be written.",
    }),
    maxWaiting: config.max_events,
    retryCount: retry_count,
    retryBackoffMs: retry_backoff,
  });
  openInbox(bus, ledger, config.redact_metadata_keys);
  return ledger;
}
