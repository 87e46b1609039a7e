/**
 * A relay before a server on loopback: passes questions on and does with the answers what a bad network, a slow or a lying server does.
 * Where the server speaks TLS, the relay ends it and begins it anew, with the certificates of the test: else it could only break it.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { freePort } from "./place.ts";
import type { TestPki } from "./test-pki.ts";

/** The server. */
export interface RelayTarget {
  readonly port: number;
  /** Where it speaks TLS: who certifies it, and the client that it knows. */
  readonly pki?: TestPki;
}

/** What is sent instead of an answer (`undefined`: nothing), and whether the connection ends with it. `former` is the answer before it. */
export type Treatment = (
  answer: Buffer,
  former: Buffer,
) => Promise<{ readonly bytes: Buffer | undefined; readonly ends?: boolean }>;

/** An open relay. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** What becomes of each answer; `PASS` at first. */
  treatment: Treatment;
  /** How often it was connected to or asked something. */
  readonly heard: number;
  /** Connections are refused, those that are open break. */
  down(): Promise<void>;
  /** After `down`: on the same port again. */
  up(): Promise<void>;
}

/** Answers as they are. */
export const PASS: Treatment = async (bytes) => await Promise.resolve({ bytes });

/** What comes within so many milliseconds is one answer. */
const TOGETHER_MS = 5;

/** Opens one on a port of its own. */
export async function openRelay(target: RelayTarget): Promise<Relay> {
  const port = await freePort();
  const tls = await tlsOf(target);
  const sockets = new Set<Socket>();
  let heard = 0;
  let former: Buffer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  const kept = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const pass = (incoming: Socket): void => {
    heard += 1;
    const outgoing = kept(tls ? connectTls(tls.client) : connect(target.port, "127.0.0.1"));
    kept(incoming).on("data", (question: Buffer) => {
      heard += 1;
      outgoing.write(question);
    });
    incoming.on("close", () => outgoing.destroy());
    answersOf(outgoing, async (answer) => {
      const before = former;
      former = answer;
      const { bytes, ends = false } = await relay.treatment(answer, before);
      if (incoming.destroyed) return;
      if (bytes) incoming.write(bytes);
      if (ends) incoming.end();
    }).then(
      () => incoming.end(),
      () => incoming.destroy(),
    );
  };
  let server: Server;
  const relay: Relay = {
    port,
    treatment: PASS,
    get heard() {
      return heard;
    },
    async down() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
    async up() {
      server = tls ? createTlsServer(tls.server, pass) : createServer(pass);
      server.on("tlsClientError", () => undefined).on("connection", kept);
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await relay.down();
    },
  };
  await relay.up();
  return relay;
}

/** Gives each answer of a server, whole, to `take`, one after the other; resolves when the server has ended. */
async function answersOf(outgoing: Socket, take: (answer: Buffer) => Promise<void>): Promise<void> {
  let pieces: Buffer[] = [];
  let taken = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const deliver = (): void => {
    clearTimeout(timer);
    if (pieces.length === 0) return;
    const answer = Buffer.concat(pieces);
    pieces = [];
    taken = taken.then(() => take(answer));
  };
  outgoing.on("data", (piece: Buffer) => {
    pieces.push(piece);
    clearTimeout(timer);
    timer = setTimeout(deliver, TOGETHER_MS);
  });
  await new Promise<void>((resolve) => outgoing.once("close", () => resolve()));
  deliver();
  await taken;
}

async function tlsOf({ port, pki }: RelayTarget) {
  if (!pki) return undefined;
  const [cert, key] = await Promise.all([readFile(pki.server.cert), readFile(pki.server.key)]);
  const client = { host: "127.0.0.1", port, ...(await pki.clientOptions()) };
  return { client, server: { cert, key, ca: client.ca, requestCert: true } };
}
