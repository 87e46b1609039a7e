/** Audit events to a server, by way of the disk: an event is safe once it is in the spool, whether the server is there or not. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { AuditSection } from "../config.ts";
import { eventReceiver } from "./event-receiver.ts";
import { fileSink } from "./file-sink.ts";
import { Shipper } from "./shipper.ts";
import type { Sink } from "./sink.ts";
import { Spool } from "./spool.ts";

/** A file of the spool is read in one go. */
const SPOOL_FILE_BYTES = 8 * 1024 * 1024;
const STANDARD_BATCH = 100;
const STANDARD_FLUSH_MS = 5000;
const STANDARD_BACKOFF_MS = 1000;

/** A sink that sends what it wrote. */
export interface HttpSink extends Sink, AsyncDisposable {
  /** Where lines lie until they are taken. */
  readonly path: string;
}

/** Opens the spool in `folder` and begins to send. Writing rejects while the spool is full. */
export async function httpSink(
  sink: AuditSection["sink"],
  { folder, log, metrics }: { folder: string; log: Log; metrics: Metrics },
): Promise<HttpSink> {
  const receiver = eventReceiver(sink);
  await mkdir(join(folder, "spool"), { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new Fault("config.invalid", `audit: cannot use ${folder}/spool`, { cause });
  });
  const path = join(folder, "spool", "events");
  const files = await fileSink({ path, mode: 0o600, maxBytes: SPOOL_FILE_BYTES });
  const spool = await Spool.open({ path, markPath: join(folder, "spool.taken") });
  const { batch_size: batchSize, flush_interval: flushMs, retry_backoff: backoffMs } = sink;
  const shipper = new Shipper({
    spool,
    receiver,
    batchSize: batchSize || STANDARD_BATCH,
    flushIntervalMs: flushMs || (batchSize > 0 ? STANDARD_FLUSH_MS : 0),
    backoffMs: backoffMs || STANDARD_BACKOFF_MS,
    log,
    metrics,
  });
  return {
    path,
    async write(lines) {
      if ((await spool.sizeBytes()) + Buffer.byteLength(lines) > sink.spool_max_bytes) {
        throw new Fault("limit.busy", "the spool of audit events is full: the receiver is away");
      }
      await files.write(lines);
      shipper.wake();
    },
    [Symbol.asyncDispose]: () => shipper[Symbol.asyncDispose](),
  };
}
