/** How bulk bytes reach crypto: handed over within the process, or over HTTP to the worker that is least busy. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import type { TransferTickets } from "@s3eg/shared/http/ticket.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import { HttpTransferClient } from "@s3eg/shared/http/transfer-client.ts";
import { HttpTransferServer } from "@s3eg/shared/http/transfer-server.ts";
import { WorkerTable } from "@s3eg/shared/http/worker-table.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import type { WorkerProof } from "@s3eg/shared/trust/worker-proof.ts";
import type { CryptoSection } from "../../../crypto/src/config.ts";

/** A crypto worker's port, and what edges are told of it. */
export interface WorkerPort {
  readonly server: HttpTransferServer;
  readonly describe: () => WorkerAlive;
}

/** Opens the port of a crypto worker that edges in other processes reach. */
export async function openWorkerPort(
  config: CryptoSection,
  {
    tickets,
    proof,
    zone,
    log,
    metrics,
  }: { tickets: TransferTickets; proof: WorkerProof; zone: string; log: Log; metrics: Metrics },
): Promise<WorkerPort> {
  const id = randomUUID();
  const { listen_addr, capacity, advertise_url } = config;
  const listen = listen_addr;
  const server = new HttpTransferServer({ workerId: id, listen, tickets, capacity, log });
  metrics.gauge({
    name: "gateway_worker_transfers",
    help: "Transfers that this worker is answering for edges in other processes.",
    read: () => server.inflight,
  });
  const { port } = await server.listen();
  const url = advertise_url ?? `http://${reachableName(listen_addr.host)}:${port}`;
  const describe = () =>
    proof.announce({
      id,
      url,
      zone,
      inflight: server.inflight,
      capacity,
      isDraining: server.isDraining,
    });
  return { server, describe };
}

/** Whoever listens everywhere is reached by the name of its host; an address of no particular host leads nowhere. */
function reachableName(host: string | undefined): string {
  if (host === undefined || host === "0.0.0.0" || host === "::") return hostname();
  return host.includes(":") ? `[${host}]` : host;
}

/** Transfers to workers in other processes, which announce themselves on the bus. */
export function remoteTransfers({
  bus,
  tickets,
  proof,
  zone,
  log,
  metrics,
}: {
  bus: Bus;
  tickets: TransferTickets;
  proof: WorkerProof;
  zone: string;
  log: Log;
  metrics: Metrics;
}): { client: HttpTransferClient; table: WorkerTable } {
  const table = new WorkerTable({ zone, isBusConnected: () => bus.isConnected });
  metrics.gauge({
    name: "gateway_crypto_workers",
    help: "Crypto workers that this edge knows to be alive.",
    read: () => table.size,
  });
  bus.subscribe(workerAlive, (fact) => {
    if (proof.isGenuine(fact)) table.heard(fact);
    else log.warn({ worker: fact.id }, "a worker was announced without proof");
  });
  const client = new HttpTransferClient({ pickWorker: (tried) => table.pick(tried), tickets });
  return { client, table };
}

/** Answers transfers on several servers at once: within the process, and from others. */
export function onAll(servers: readonly TransferServer[]): TransferServer {
  return {
    serveUpload: (contract, answerer) => {
      for (const server of servers) server.serveUpload(contract, answerer);
    },
    serveDownload: (contract, answerer) => {
      for (const server of servers) server.serveDownload(contract, answerer);
    },
  };
}
