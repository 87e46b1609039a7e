/** A load balancer for TCP, in this process: connections go to the endpoints in turn, past those that do not answer. */
import { createServer, connect as dial, type Socket } from "node:net";
import { freePort } from "./place.ts";

/** A running balancer. */
export interface Balancer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Bytes that clients sent so far, by endpoint. */
  sent(): readonly number[];
  /** Calls back once, when clients have sent so many bytes through all endpoints together. */
  onceSent(bytes: number, act: () => void): void;
}

/** Starts one before HTTP endpoints. */
export async function startBalancer(endpoints: readonly string[]): Promise<Balancer> {
  const sent = endpoints.map(() => 0);
  const waiting: { bytes: number; act: () => void }[] = [];
  const sockets = new Set<Socket>();
  let turn = 0;
  const count = (n: number, bytes: number): void => {
    sent[n] = (sent[n] ?? 0) + bytes;
    const total = sent.reduce((sum, one) => sum + one, 0);
    for (const due of waiting.filter((one) => total >= one.bytes)) {
      waiting.splice(waiting.indexOf(due), 1);
      due.act();
    }
  };
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
    turn += 1;
    track(sockets, client);
    const order = endpoints.map((_, n) => (turn + n) % endpoints.length);
    reach(endpoints, order).then(
      ({ n, upstream }) => {
        track(sockets, upstream);
        client.on("data", (piece: Buffer) => count(n, piece.length));
        join(client, upstream);
      },
      () => client.destroy(),
    );
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    sent: () => [...sent],
    onceSent: (bytes, act) => waiting.push({ bytes, act }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Connects to the first of the endpoints, in the order given, that takes a connection. */
async function reach(
  endpoints: readonly string[],
  order: readonly number[],
): Promise<{ n: number; upstream: Socket }> {
  for (const n of order) {
    const { hostname, port } = new URL(endpoints[n] ?? "");
    const upstream = dial({ host: hostname, port: Number(port), noDelay: true });
    const isThere = await new Promise<boolean>((resolve) => {
      upstream.once("connect", () => resolve(true));
      upstream.once("error", () => resolve(false));
    });
    if (isThere) return { n, upstream };
  }
  throw new Error("no endpoint takes a connection");
}

/**
 * What ends on one side ends on the other: a reset as a reset. Where an end is under way a reset fails, and Node keeps the socket for good, even
 * against its own exit.
 */
function join(client: Socket, upstream: Socket): void {
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.pipe(other);
    one.on("error", () => (other.writableEnded ? other.destroy() : other.resetAndDestroy()));
    one.on("close", () => other.destroy());
  }
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on("error", () => undefined);
  socket.once("close", () => sockets.delete(socket));
}
