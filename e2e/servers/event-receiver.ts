/** A server that audit events are POSTed to, over TLS with certificates of clients. It can be away, lie about who it is, and lose answers. */
import { createHmac, hkdfSync } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { freePort } from "./place.ts";
import type { Certified, TestPki } from "./test-pki.ts";

/** An event as it came. */
export interface ReceivedEvent {
  readonly event_id: string;
  readonly operation: string;
  readonly key?: string;
  readonly success: boolean;
  readonly seq: number;
  readonly prev: string;
  readonly mac: string;
}

/** The receiver. */
export interface EventReceiver extends AsyncDisposable {
  readonly url: string;
  /** Everything that came, in its order, what came twice too. */
  readonly events: readonly ReceivedEvent[];
  /** Connections are refused, those that are open break. */
  down(): Promise<void>;
  /** After `down`: on the same port, as `certified`; by default as itself. */
  up(certified?: Certified): Promise<void>;
}

/** One in so many POSTs is kept, and answered as if it had not been. */
const LOST_ANSWERS = 7;

/** Starts it; it takes events of the authority's clients alone. */
export async function startEventReceiver(pki: TestPki): Promise<EventReceiver> {
  const port = await freePort();
  const events: ReceivedEvent[] = [];
  let posts = 0;
  let server: Server | undefined;
  const take = async (req: IncomingMessage, res: ServerResponse) => {
    const text = Buffer.concat(await req.toArray()).toString("utf8");
    events.push(...(JSON.parse(text) as ReceivedEvent[]));
    posts += 1;
    res.writeHead(posts % LOST_ANSWERS === 0 ? 500 : 204).end();
  };
  const receiver = {
    url: `https://127.0.0.1:${port}/events`,
    events,
    async down() {
      const closed = server;
      server = undefined;
      if (!closed) return;
      closed.close();
      closed.closeAllConnections();
      await once(closed, "close");
    },
    async up({ cert, key }: Certified = pki.server) {
      const [ca, certText, keyText] = await Promise.all(
        [pki.ca, cert, key].map((f) => readFile(f)),
      );
      const own = { ca, cert: certText, key: keyText } as const;
      const asks = { requestCert: true, rejectUnauthorized: true };
      // Who breaks off while it posts, posts again.
      const listener = (req: IncomingMessage, res: ServerResponse) =>
        void take(req, res).catch(() => res.destroy());
      server = createServer({ ...own, ...asks } as object, listener);
      await once(server.listen(port, "127.0.0.1"), "listening");
    },
    [Symbol.asyncDispose]: () => receiver.down(),
  };
  await receiver.up();
  return receiver;
}

/** The events, each once, in the order in which each came first. */
export function eachOnce(events: readonly ReceivedEvent[]): ReceivedEvent[] {
  return [
    ...new Map([...events].reverse().map((event) => [event.event_id, event])).values(),
  ].reverse();
}

/** What is wrong with a chain that begins at its first line (docs/audit.md, "The chain"). */
export function chainProblems(events: readonly ReceivedEvent[], chainKey: Buffer): string[] {
  const key = Buffer.from(hkdfSync("sha256", chainKey, "", "s3eg audit line", 32));
  let [seq, prev] = [0, "0".repeat(64)];
  return events.flatMap((event) => {
    const line = JSON.stringify(event);
    const mac = createHmac("sha256", key).update(line.slice(0, line.lastIndexOf(',"mac"')));
    const problems = [
      event.seq === seq + 1 ? "" : `${event.seq} follows ${seq}`,
      event.prev === prev ? "" : `${event.seq} does not follow the line before`,
      event.mac === mac.digest("hex") ? "" : `${event.seq} is not as it was written`,
    ];
    [seq, prev] = [event.seq, event.mac];
    return problems.filter((problem) => problem !== "");
  });
}
