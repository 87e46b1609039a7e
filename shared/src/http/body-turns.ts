/**
 * Bodies of several clients in one process, by turns. Every connection that has bytes is served in each round of the event loop, so a
 * client with a hundred of them makes everybody wait a hundred pieces for each step of a request. Here a client that is not alone
 * gets so many bytes in a round, whatever the number of its connections; its bodies wait for their next turn, and their sources with them.
 */
import { onceARound } from "../runtime/once-a-round.ts";
import type { Body, Take } from "./body.ts";

/** Bytes of one client in a round: a quarter of a millisecond of work, and more than one body brings. */
const ROUND_BYTES = 128 * 1024;
/** What a body moves before it is asked again: one read of a socket. */
const PIECE_BYTES = 64 * 1024;
/** A client that moved no byte for this long is not there. */
const PRESENT_MS = 1000;

interface Client {
  bytes: number;
  atMs: number;
  readonly waiting: (() => void)[];
}

/** Hands out turns. */
export class BodyTurns {
  readonly #clients = new Map<string, Client>();
  readonly #beginRound = onceARound(() => this.#endRound());

  /** The same body, at its client's turns. */
  bodyOf(client: string, body: Body): Body {
    const { pumpBorrowed } = body;
    const taking = (take: Take): Take => {
      return (piece) => {
        const taken = take(piece);
        const turn = this.#turn(client, piece.byteLength);
        return taken && turn ? taken.then(() => turn) : (taken ?? turn);
      };
    };
    return {
      pump: (take) => body.pump(taking(take)),
      ...(pumpBorrowed ? { pumpBorrowed: (take) => pumpBorrowed.call(body, taking(take)) } : {}),
      destroy: (reason) => body.destroy(reason),
    };
  }

  /** Counts bytes; what is returned resolves when the client may move more. */
  #turn(name: string, bytes: number): Promise<void> | undefined {
    const client = this.#clients.get(name) ?? { bytes: 0, atMs: 0, waiting: [] };
    this.#clients.set(name, client);
    client.bytes += bytes;
    this.#beginRound();
    if (client.bytes < ROUND_BYTES || this.#clients.size === 1) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    client.waiting.push(resolve);
    return promise;
  }

  #endRound(): void {
    const nowMs = performance.now();
    for (const [name, client] of this.#clients) {
      if (client.bytes > 0) client.atMs = nowMs;
      else if (nowMs - client.atMs > PRESENT_MS) this.#clients.delete(name);
      client.bytes = Math.max(0, client.bytes - ROUND_BYTES);
      for (let room = ROUND_BYTES - client.bytes; room > 0; room -= PIECE_BYTES) {
        client.waiting.shift()?.();
      }
      if (client.waiting.length > 0) this.#beginRound();
    }
  }
}
