/** A socket to a server, for what no HTTP client would send. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A client that sends whatever it is told to, byte for byte. */
export class RawClient {
  readonly socket: Socket;
  received = "";
  /** True when the server ended the connection properly, false when it was cut. */
  readonly ended: Promise<boolean>;

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(connect(port, "127.0.0.1"));
    await once(client.socket, "connect");
    return client;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (piece: string) => {
      this.received += piece;
    });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.ended = promise;
    socket.once("end", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Resolves when what was received matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.socket.readableEnded || this.socket.destroyed) {
        throw new Error(`closed after ${JSON.stringify(this.received)}`);
      }
      await Promise.race([once(this.socket, "data"), this.ended]);
    }
    return this.received;
  }

  /** Everything received until the connection ended; rejects if it was cut. */
  async all(): Promise<string> {
    if (!(await this.ended)) throw new Error(`cut after ${JSON.stringify(this.received)}`);
    return this.received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
