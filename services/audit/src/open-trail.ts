/** The trail that the settings ask for: a chain, and where its lines go. */
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { openChainKey } from "./chain/chain-key.ts";
import { ChainedSink } from "./chain/chained-sink.ts";
import type { AuditSection } from "./config.ts";
import { fileSink } from "./sinks/file-sink.ts";
import { httpSink } from "./sinks/http-sink.ts";
import { stdoutSink } from "./sinks/stdout-sink.ts";

/** Opens it; `sending`, where there is any, is disposed of after the last line was written. `config.invalid` if the sink cannot be used. */
export async function openTrail(
  { sink, chain_key, chain_key_file }: AuditSection,
  parts: { readonly folder: string; readonly log: Log; readonly metrics: Metrics },
): Promise<{ chained: ChainedSink; sending?: AsyncDisposable }> {
  const { folder, log } = parts;
  const key = await openChainKey({ folder, inline: chain_key, file: chain_key_file });
  const { type, file_path: path, file_mode: mode, file_max_bytes: maxBytes } = sink;
  if (type === "http") {
    const http = await httpSink(sink, parts);
    const { path: spooled } = http;
    const chained = await ChainedSink.open({ sink: http, key, folder, path: spooled, log });
    return { chained, sending: http };
  }
  if (type !== "file" || path === undefined) {
    const stdout = stdoutSink(process.stdout);
    return { chained: await ChainedSink.open({ sink: stdout, key, folder, log }) };
  }
  const file = await fileSink({ path, mode, maxBytes });
  return { chained: await ChainedSink.open({ sink: file, key, folder, path, log }) };
}
