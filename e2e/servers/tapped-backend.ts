/** A backend behind a tap: every exchange passes unchanged, but a test may do something when the backend has answered and nobody knows yet. */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import type { S3Server } from "./s3-server.ts";

/** A request that passed, as far as tests tell them apart. */
interface Passing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
}

/** The tap and what it does. */
export interface TappedBackend extends S3Server {
  /** Called when the backend has answered, before the answer goes on; it waits for the promise. */
  onAnswer: (passing: Passing) => Promise<void>;
}

/** Opens a tap before a server, which it does not own. */
export async function tapBackend(backend: S3Server): Promise<TappedBackend> {
  const { hostname, port } = new URL(backend.endpoint);
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "", url: path = "", rawHeaders: headers } = incoming;
    const forward = httpRequest({ hostname, port, method, path, headers, agent: false });
    try {
      const heard = once(forward, "response") as Promise<[IncomingMessage]>;
      await pipeline(incoming, forward);
      const [answer] = await heard;
      await tapped.onAnswer({ method, path });
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      await pipeline(answer, outgoing);
    } catch {
      forward.destroy();
      outgoing.destroy();
    }
  };
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const tapped: TappedBackend = {
    ...backend,
    name: `tapped ${backend.name}`,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onAnswer: async () => undefined,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return tapped;
}
