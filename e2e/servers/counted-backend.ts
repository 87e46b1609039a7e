/** A backend behind a counter of bytes: what crosses the wire to a server and back, whoever sends it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { S3Server } from "./s3-server.ts";

/** The server and what went to and from it. */
export interface CountedBackend extends S3Server {
  /** Bytes in both directions since the start, heads and all. */
  readonly bytes: number;
}

/** Opens a counter before a server, which it does not own. */
export async function countBackend(backend: S3Server): Promise<CountedBackend> {
  const { hostname, port } = new URL(backend.endpoint);
  const sockets = new Set<Socket>();
  let bytes = 0;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from.on("data", (piece: Buffer) => {
        bytes += piece.byteLength;
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ...backend,
    name: `counted ${backend.name}`,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytes() {
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
