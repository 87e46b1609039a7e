/** Stopping an HTTP server without cutting a request that is being answered. */
import type { Server } from "node:http";

/** Takes no new connection, closes idle ones, waits for the others up to `graceMs`, then cuts them. */
export async function stopServer(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearTimeout(timer);
}
