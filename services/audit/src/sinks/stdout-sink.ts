/** Audit events on a stream of the process: for whoever collects its output. */
import type { Writable } from "node:stream";
import type { Sink } from "./sink.ts";

/** Writes to `output` (standard output), waiting for each write to be taken. */
export function stdoutSink(output: Pick<Writable, "write">): Sink {
  return {
    write: (lines) =>
      new Promise((resolve, reject) => {
        output.write(lines, (error?: Error | null) => (error ? reject(error) : resolve()));
      }),
  };
}
