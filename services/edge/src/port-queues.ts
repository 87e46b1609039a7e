/**
 * The S3 port with several queues for those who connect. Node takes one connection of a listening socket in each round of its loop
 * (libuv 1.45), so behind a thousand that were told to come again, a probe waits a thousand rounds: seconds, where the rounds are full.
 * With `SO_REUSEPORT` the kernel spreads connections over listening sockets, and each round takes one of each.
 */
import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import type { ListenAddress } from "@s3eg/shared/runtime/config.ts";

/** Taking so many costs a millisecond or two, as much as what else is done in a full round. Other kernels do not spread. */
const QUEUES = process.platform === "linux" ? 16 : 1;

/** Connections that the kernel takes before we do: who finds no room knocks again after a second, then three. */
const BACKLOG = 4096;

/** A port that is listened on. */
export interface OpenPort {
  readonly port: number;
  /** The queues beside the server's own. Their connections are the server's all the same, but each must be closed, too. */
  readonly beside: readonly NetServer[];
}

/** Has the server listen. Throws what `listen` fails with: `EADDRINUSE` where another process has the port, one of ours included. */
export async function openPort(server: Server, address: ListenAddress): Promise<OpenPort> {
  // A socket that shares its port would be let in beside those of another gateway; one that does not is refused.
  if (QUEUES > 1 && address.port !== 0) await closed(await listening(createServer(), address));
  const shared = { reusePort: QUEUES > 1, backlog: BACKLOG };
  await listening(server, { ...address, ...shared });
  const { port } = server.address() as AddressInfo;
  const beside: NetServer[] = [];
  try {
    while (beside.length < QUEUES - 1) {
      beside.push(await listening(queueBefore(server), { ...address, ...shared, port }));
    }
  } catch (error) {
    for (const queue of [server, ...beside]) queue.close();
    throw error;
  }
  return { port, beside };
}

/** Hands its connections to the server, made as the server's own are. */
function queueBefore(server: Server): NetServer {
  const queue = createServer({ allowHalfOpen: true, noDelay: true });
  queue.on("connection", (socket) => server.emit("connection", socket));
  queue.on("error", (error) => server.emit("error", error));
  return queue;
}

async function listening(
  server: NetServer,
  address: ListenAddress & { reusePort?: boolean; backlog?: number },
): Promise<NetServer> {
  server.listen(address);
  await once(server, "listening");
  return server;
}

async function closed(server: NetServer): Promise<void> {
  server.close();
  await once(server, "close");
}
