/** A server for these tests that speaks bytes, so that it can say what no HTTP library would. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";

/** What is known of a connection besides its socket. */
export interface RawConnection {
  readonly socket: Socket;
  /** 0 for the first connection of the server. */
  readonly number: number;
  /** Everything received so far, one character a byte. */
  received: string;
}

/** A running server. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: readonly RawConnection[];
  /** PEM file with the certificate, if it speaks TLS. */
  readonly caFile: string;
}

/** Settings of `startRawServer`. */
export interface RawServerSettings {
  /** Called for each piece that arrives, after it was added to `received`. */
  readonly onBytes?: (connection: RawConnection, bytes: Buffer) => void;
  readonly onConnection?: (connection: RawConnection) => void;
  readonly isTls?: boolean;
  readonly port?: number;
}

/** Starts a server on a loopback port. */
export async function startRawServer(settings: RawServerSettings): Promise<RawServer> {
  const connections: RawConnection[] = [];
  const accept = (socket: Socket) => {
    const connection = { socket, number: connections.length, received: "" };
    connections.push(connection);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      connection.received += bytes.toString("latin1");
      settings.onBytes?.(connection, bytes);
    });
    settings.onConnection?.(connection);
  };
  const identity = settings.isTls ? selfSigned() : undefined;
  const server = identity ? createTlsServer(identity, accept) : createTcpServer(accept);
  const listening = Promise.withResolvers<void>();
  server.listen(settings.port ?? 0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("server has no port");
  return {
    port: address.port,
    connections,
    caFile: identity?.caFile ?? "",
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const { socket } of connections) socket.destroy();
      await closed.promise;
      if (identity) rmSync(identity.folder, { recursive: true });
    },
  };
}

/** Answers each whole head (requests without bodies) with what `answer` gives for it. */
export function answering(
  answer: (head: string, connection: RawConnection) => string | Buffer,
): (connection: RawConnection) => void {
  return (connection) => {
    for (;;) {
      const end = connection.received.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = connection.received.slice(0, end);
      connection.received = connection.received.slice(end + 4);
      const text = answer(head, connection);
      connection.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    }
  };
}

/** An answer with a length. */
export function ok(body: string, extra = ""): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`;
}

function selfSigned(): { key: string; cert: string; caFile: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-test-"));
  const keyFile = join(folder, "key.pem");
  const caFile = join(folder, "cert.pem");
  const wanted =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  execFileSync(
    "openssl",
    [
      ...wanted.split(" "),
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      keyFile,
      "-out",
      caFile,
    ],
    { stdio: "pipe" },
  );
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(caFile, "utf8"), caFile, folder };
}
