/** A bound to the connections of a port: a new one takes the place of the one that has been without a request for longest. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Beyond the limit where every connection has a request, so that probes get through; more are not taken. */
const SPARE = 128;

/**
 * Limits the connections of a server that is not listening yet. Nobody who is being answered is cut off; who has sent no request, or
 * keeps a connection for later, is, as S3 clients are used to.
 */
export function limitConnections(server: Server, maxConnections: number): void {
  let open = 0;
  /** Without a request, the longest first. By address: with TLS a request has another socket than its connection. */
  const idle = new Map<string, Socket>();
  const busy = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    // Not `server.maxConnections`, which knows nothing of those that others take for the server (port-queues.ts).
    if (open >= maxConnections + SPARE) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    open += 1;
    const [oldest] = open > maxConnections ? idle.values() : [];
    oldest?.destroy();
    idle.set(name, socket);
    socket.once("close", () => {
      open -= 1;
      idle.delete(name);
      busy.delete(name);
    });
  });
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    const name = nameOf(req.socket);
    const socket = idle.get(name);
    if (!socket) return;
    idle.delete(name);
    busy.set(name, socket);
    res.once("close", () => {
      if (busy.delete(name)) idle.set(name, socket);
    });
  };
  for (const event of ["request", "checkContinue", "checkExpectation"]) {
    server.prependListener(event, onRequest);
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
