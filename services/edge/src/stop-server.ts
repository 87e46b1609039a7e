/** Stopping an HTTP server without cutting a request that is being answered. */
import type { Server } from "node:http";

const SWEEP_MS = 100;

/** Takes no new connection, closes those that are or become idle, waits for the others up to `graceMs`, then cuts them. */
export async function stopServer(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  // Node closes what is idle now, but keeps a connection that becomes so.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearInterval(sweep);
  clearTimeout(timer);
}
