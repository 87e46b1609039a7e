/** Transfers, counted and timed by whoever asks for them: that is where it shows that no worker took one. */
import { codeOf } from "../faults.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { TransferClient } from "./transfer.ts";
import { type BodyWatch, watchedBody } from "./watched-body.ts";

const SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** A client that counts what goes through it to `client`. A download is over when its body is: nothing is counted per piece. */
export function measuredTransfers(client: TransferClient, metrics: Metrics): TransferClient {
  const transfers = metrics.counter({
    name: "gateway_transfers_total",
    help: "Bodies sent to crypto and asked of it, by path and result (ok or fault code).",
    labels: ["path", "result"],
  });
  const seconds = metrics.histogram({
    name: "gateway_transfer_duration_seconds",
    help: "Seconds from a transfer's head to its result, and to its last byte for those that bring bytes.",
    labels: ["path"],
    buckets: SECONDS,
  });
  const underWay = metrics.gauge({
    name: "gateway_transfers_in_flight",
    help: "Transfers under way.",
  });
  underWay.set({}, 0);
  const begin = (path: string): ((result: string) => void) => {
    const startedMs = performance.now();
    let isOver = false;
    underWay.add({}, 1);
    return (result) => {
      if (isOver) return;
      isOver = true;
      underWay.add({}, -1);
      transfers.add({ path, result });
      seconds.observe({ path }, (performance.now() - startedMs) / 1000);
    };
  };
  return {
    async upload(contract, sending, options) {
      const end = begin(contract.path);
      try {
        const result = await client.upload(contract, sending, options);
        end("ok");
        return result;
      } catch (error) {
        end(codeOf(error));
        throw error;
      }
    },
    async download(contract, head, options) {
      const end = begin(contract.path);
      try {
        const { result, body } = await client.download(contract, head, options);
        return { result, body: watchedBody(body, endingWith(end)) };
      } catch (error) {
        end(codeOf(error));
        throw error;
      }
    },
  };
}

/** A download ends as its body does: read to its end, broken, or let go of. */
function endingWith(end: (result: string) => void): BodyWatch {
  return {
    onEnd: () => end("ok"),
    onError: (error) => end(codeOf(error)),
    onDestroy: (reason) => end(reason === undefined ? "client.gone" : codeOf(reason)),
  };
}
