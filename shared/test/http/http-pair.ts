/** A transfer server and a client that knows it, on loopback. */

import { TransferTickets } from "../../src/http/ticket.ts";
import { HttpTransferClient } from "../../src/http/transfer-client.ts";
import { HttpTransferServer } from "../../src/http/transfer-server.ts";
import type { Log } from "../../src/runtime/log.ts";
import { Secret } from "../../src/runtime/secret.ts";

/** Tickets of the tests' SERVICE_SECRET. */
export const tickets = new TransferTickets(new Secret(Buffer.alloc(32, 7)));

/** A listening server of worker `id`. */
export async function openWorker(
  log: Log,
  more: { id?: string; capacity?: number; idleMs?: number } = {},
): Promise<{ server: HttpTransferServer; worker: { id: string; url: string } }> {
  const { id = "worker-1", capacity = 100, idleMs } = more;
  const listen = { host: "127.0.0.1", port: 0 };
  const server = new HttpTransferServer({ workerId: id, listen, tickets, capacity, log, idleMs });
  const { port } = await server.listen();
  return { server, worker: { id, url: `http://127.0.0.1:${port}` } };
}

/** A client that takes the workers in turn, first to last, leaving out those it failed on. */
export function openClient(
  workers: readonly { id: string; url: string }[],
  more: { answerMs?: number; idleMs?: number } = {},
): HttpTransferClient {
  return new HttpTransferClient({
    tickets,
    ...more,
    pickWorker(failedOn) {
      const worker = workers.find(({ id }) => !failedOn.has(id));
      if (!worker) throw new Error("no worker is left");
      return worker;
    },
  });
}
