/** What the HTTP parser could not read: an answer in S3's form where one is due, and the connection closed. */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** How long a refused client may take to read the answer. */
const LINGER_MS = 2000;

const CODES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "RequestHeaderSectionTooLarge",
  ERR_HTTP_REQUEST_TIMEOUT: "RequestTimeout",
};

/** Refuses unreadable requests on the connections of one server. */
export class UnreadableRequests {
  readonly #answersUnderWay = new WeakMap<Duplex, Set<ServerResponse>>();
  readonly #refused = new WeakSet<Duplex>();

  /** Must be told of every request: an answer under way must not get another one in its middle. */
  watch(res: ServerResponse): void {
    const { socket } = res;
    if (!socket) return;
    const underWay = this.#answersUnderWay.get(socket) ?? new Set();
    this.#answersUnderWay.set(socket, underWay.add(res));
    res.once("close", () => underWay.delete(res));
  }

  /** The server's `clientError`. */
  readonly refuse = (error: Error & { code?: string }, socket: Duplex): void => {
    // The parser reports every further piece of a connection that was refused.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    if (!socket.writable || error.code === "ECONNRESET" || !this.#isAnswerDue(socket)) {
      socket.destroy();
      return;
    }
    const code = CODES[error.code ?? ""] ?? "BadRequest";
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>the request could not be read</Message></Error>`;
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    // What the client still sends is dropped: closing over unread bytes would reset the connection, and the answer be lost.
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(timer));
  };

  /** True if the error is about a request that waits for its answer: none under way, or the one whose body is broken. */
  #isAnswerDue(socket: Duplex): boolean {
    const [res, ...others] = this.#answersUnderWay.get(socket) ?? [];
    return res === undefined || (others.length === 0 && !res.headersSent && !res.req.complete);
  }
}
