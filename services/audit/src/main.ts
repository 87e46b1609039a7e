/** Starts audit. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { openChainKey } from "./chain/chain-key.ts";
import { ChainedSink } from "./chain/chained-sink.ts";
import type { AuditSection } from "./config.ts";
import { openInbox } from "./inbox.ts";
import { Ledger } from "./ledger.ts";
import { SeenEvents } from "./seen-events.ts";
import { fileSink } from "./sinks/file-sink.ts";
import { stdoutSink } from "./sinks/stdout-sink.ts";

/**
 * Starts the audit trail. Dispose it after the bus was drained: it then writes what is still waiting. Without `audit.enabled`
 * it does nothing. `config.invalid` if the sink cannot be used.
 */
export async function startAudit(given: {
  readonly config: AuditSection;
  /** For the key and the head of the chain: of this process alone. */
  readonly folder: string;
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
}): Promise<AsyncDisposable> {
  const { config, bus, log, metrics } = given;
  if (!config.enabled) return new AsyncDisposableStack();
  const { sink, overflow, max_events } = config;
  const chained = await openTrail(config, given);
  const ledger = new Ledger({
    writer: chained,
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
  return ledger;
}

async function openTrail(
  { sink, chain_key, chain_key_file }: AuditSection,
  { folder, log }: { readonly folder: string; readonly log: Log },
): Promise<ChainedSink> {
  const key = await openChainKey({ folder, inline: chain_key, file: chain_key_file });
  const { type, file_path: path, file_mode: mode, file_max_bytes: maxBytes } = sink;
  if (type !== "file" || path === undefined) {
    return await ChainedSink.open({ sink: stdoutSink(process.stdout), key, folder, log });
  }
  const file = await fileSink({ path, mode, maxBytes });
  return await ChainedSink.open({ sink: file, key, folder, path, log });
}
