/** A TLS server for these tests that asks for a client certificate and answers what it is told, byte by byte. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";

/** One certificate for both sides: each knows the other by it. */
export interface Identity {
  readonly certFile: string;
  readonly keyFile: string;
  readonly tls: { ca: Buffer; cert: Buffer; key: Buffer; verifies: true };
}

/** Makes it with openssl; `remove` takes its files away. */
export function makeIdentity(): Identity & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "kmip-"));
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const name = ["-subj", "/CN=kmip-test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const out = ["-keyout", keyFile, "-out", certFile];
  execFileSync("openssl", ["req", "-x509", ...kind, ...name, ...out], { stdio: "ignore" });
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  const remove = () => rmSync(folder, { recursive: true });
  return { certFile, keyFile, tls: { ca: cert, cert, key, verifies: true }, remove };
}

/** What to do with a message that arrived. */
export type Answering = (message: Buffer, socket: TLSSocket) => void;

/** Started on a free loopback port; takes every message whole. */
export class TlsDouble implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: TLSSocket[] = [];
  answering: Answering;
  connections = 0;

  private constructor(server: Server, answering: Answering) {
    this.#server = server;
    this.answering = answering;
    server.on("secureConnection", (socket) => {
      this.connections += 1;
      this.#sockets.push(socket);
      let received = Buffer.alloc(0);
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 8 && received.length >= 8 + received.readUInt32BE(4)) {
          const end = 8 + received.readUInt32BE(4);
          this.answering(received.subarray(0, end), socket);
          received = received.subarray(end);
        }
      });
    });
  }

  static async start({ tls }: Identity, answering: Answering): Promise<TlsDouble> {
    const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true });
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TlsDouble(server, answering);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection, not the server. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    this.hangUp();
    await closed.promise;
  }
}
