/** Stopping an HTTP server without cutting a request that is being answered. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { Server as NetServer } from "node:net";

const SWEEP_MS = 100;

/** How to stop. `beside`: what takes connections for the server, too (`port-queues.ts`). */
interface Stopping {
  readonly graceMs: number;
  readonly beside: readonly NetServer[];
}

/** Takes no new connection, closes those that are or become idle, waits for the others up to `graceMs`, then cuts them. */
export async function stopServer(server: Server, { graceMs, beside }: Stopping): Promise<void> {
  const closed = [server, ...beside].map((each) => once(each, "close"));
  for (const each of [server, ...beside]) each.close();
  server.closeIdleConnections();
  // Node closes what is idle now, but keeps a connection that becomes so.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await Promise.all(closed);
  clearInterval(sweep);
  clearTimeout(timer);
}
