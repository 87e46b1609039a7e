/** A folder in which a trail is written, for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { openChainKey } from "../../src/chain/chain-key.ts";
import { ChainedSink } from "../../src/chain/chained-sink.ts";
import { fileSink } from "../../src/sinks/file-sink.ts";

/** A new folder with the key of a chain; `open` starts to write as a new process would. */
export async function trailFolder() {
  const folder = await mkdtemp(join(tmpdir(), "trail-"));
  const path = join(folder, "events");
  const state = join(folder, "state");
  const key = await openChainKey({ folder: state });
  const logged: string[] = [];
  const log = createLog({
    service: "test",
    level: "info",
    destination: { write: (line) => logged.push(line) },
  });
  return {
    folder,
    path,
    state,
    key,
    log,
    logged,
    open: async (maxBytes = 0) => {
      const sink = await fileSink({ path, mode: 0o600, maxBytes });
      return await ChainedSink.open({ sink, key, folder: state, path, log });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/** A line as the ledger writes it, before it is linked. */
export function eventLine(id: number | string): string {
  return `${JSON.stringify({ event_id: `e${id}`, key: 'ü","seq":9,"prev":"' })}\n`;
}
