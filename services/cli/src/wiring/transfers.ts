/** How bulk bytes reach crypto: handed over within the process, or over HTTP to the worker that is least busy. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { type WorkerAlive, workerAlive } from "@s3eg/shared/contracts/crypto.ts";
import { TransferTickets } from "@s3eg/shared/http/ticket.ts";
import type { TransferServer } from "@s3eg/shared/http/transfer.ts";
import { HttpTransferClient } from "@s3eg/shared/http/transfer-client.ts";
import { HttpTransferServer, type TransferTls } from "@s3eg/shared/http/transfer-server.ts";
import { WorkerTable } from "@s3eg/shared/http/worker-table.ts";
import { admissionLimitsOf } from "@s3eg/shared/runtime/limits-config.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { WorkerProof } from "@s3eg/shared/trust/worker-proof.ts";
import type { CryptoSection } from "../../../crypto/src/config.ts";
import type { GatewayConfig } from "../gateway-config.ts";
import type { Process } from "./process.ts";
import type { ServiceSecrets } from "./secrets.ts";
import { transferTlsOf } from "./transfer-tls.ts";

/** A crypto worker's port, and what edges are told of it. */
export interface WorkerPort {
  readonly server: HttpTransferServer;
  readonly describe: () => WorkerAlive;
}

/** What both sides of a transfer go by. */
interface TransferTrust {
  readonly tickets: TransferTickets;
  readonly proof: WorkerProof;
  readonly zone: string;
  /** Undefined: transfers go in the clear. */
  readonly tls: TransferTls | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Made by the secret that edge and crypto share, and the certificates of the settings. */
export async function transferTrustOf(
  { config, log, metrics }: Pick<Process, "config" | "log" | "metrics">,
  { service: secret }: ServiceSecrets,
): Promise<TransferTrust> {
  return {
    tickets: new TransferTickets(secret),
    proof: new WorkerProof(secret),
    zone: config.zone,
    tls: await transferTlsOf(config.service),
    log,
    metrics,
  };
}

/** Bytes that a transfer may need: those of a body on its way, in one direction (`request-cost.ts` of edge). */
const TRANSFER_BYTES = 832 * 1024;

/** The settings of a worker, which takes no more transfers than its memory is good for. */
export function workerSettings({
  crypto,
  limits,
}: Pick<GatewayConfig, "crypto" | "limits">): CryptoSection {
  const affordable = Math.floor(admissionLimitsOf(limits).maxBytes / TRANSFER_BYTES);
  return { ...crypto, capacity: Math.min(crypto.capacity, affordable) };
}

/** Opens the port of a crypto worker that edges in other processes reach. */
export async function openWorkerPort(
  config: CryptoSection,
  { tickets, proof, zone, tls, log, metrics }: TransferTrust,
): Promise<WorkerPort> {
  const id = randomUUID();
  const { listen_addr, capacity, advertise_url } = config;
  const listen = listen_addr;
  const server = new HttpTransferServer({ workerId: id, listen, tls, tickets, capacity, log });
  metrics.gauge({
    name: "gateway_worker_transfers",
    help: "Transfers that this worker is answering for edges in other processes.",
    read: () => server.inflight,
  });
  const { port } = await server.listen();
  const url = advertise_url ?? `${schemeOf(tls)}//${reachableName(listen_addr.host)}:${port}`;
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

function schemeOf(tls: TransferTls | undefined): "http:" | "https:" {
  return tls ? "https:" : "http:";
}

/** Transfers to workers in other processes, which announce themselves on the bus. */
export function remoteTransfers({
  bus,
  tickets,
  proof,
  zone,
  tls,
  log,
  metrics,
}: TransferTrust & { bus: Bus }): { client: HttpTransferClient; table: WorkerTable } {
  const table = new WorkerTable({ zone, isBusConnected: () => bus.isConnected });
  metrics.gauge({
    name: "gateway_crypto_workers",
    help: "Crypto workers that this edge knows to be alive.",
    read: () => table.size,
  });
  bus.subscribe(workerAlive, (fact) => {
    const { id: worker, url } = fact;
    if (!proof.isGenuine(fact)) log.warn({ worker }, "a worker was announced without proof");
    else if (new URL(url).protocol === schemeOf(tls)) table.heard(fact);
    else log.warn({ worker, url }, "a worker is left out: service.tls is here or there, not both");
  });
  const client = new HttpTransferClient({ pickWorker: (tried) => table.pick(tried), tickets, tls });
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
