/** Binary KMIP over TLS with client certificates (KMIP profiles 2.1 §3): a bounded number of connections, kept between questions. */
import { Fault } from "@s3eg/shared/faults.ts";
import { KmipConnection, type KmipServer } from "./connection.ts";
import type { KmipTransport } from "./kmip-transport.ts";
import {
  answerOf,
  discoveredVersions,
  discoverQuestion,
  type KmipAnswer,
  type KmipQuestion,
  type KmipVersion,
  requestMessage,
} from "./messages.ts";
import { decodeTtlv, encodeTtlv } from "./ttlv.ts";

const MAX_CONNECTIONS = 16;
/** The first version that knows DiscoverVersions; servers answer a newer header that they don't know with an error. */
const ASKING_VERSION: KmipVersion = { major: 1, minor: 1 };
/** Best first. Earlier ones have no associated data and no tag. */
const OFFERED: readonly KmipVersion[] = [
  { major: 2, minor: 1 },
  { major: 2, minor: 0 },
  { major: 1, minor: 4 },
];

interface Spoken {
  readonly connection: KmipConnection;
  readonly version: KmipVersion;
}

/** Connects when it is first asked. */
export class SocketTransport implements KmipTransport {
  readonly #server: KmipServer;
  readonly #idle: Spoken[] = [];
  readonly #all = new Set<KmipConnection>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(server: KmipServer) {
    this.#server = server;
  }

  async ask(question: KmipQuestion, signal: AbortSignal): Promise<KmipAnswer> {
    await this.#turn(signal);
    try {
      const spoken = await this.#connection(signal);
      const answer = await exchanged(spoken, question, signal);
      this.#idle.push(spoken);
      return answer;
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#all) connection.destroy();
    await Promise.resolve();
  }

  async #connection(signal: AbortSignal): Promise<Spoken> {
    for (const connection of this.#all) if (!connection.isOpen) this.#all.delete(connection);
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      if (kept.connection.isOpen) return kept;
    }
    const connection = await KmipConnection.open(this.#server, signal);
    this.#all.add(connection);
    return { connection, version: await agreedVersion(connection, signal) };
  }

  /** Waits until fewer than the most connections are busy. */
  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#busy >= MAX_CONNECTIONS) {
      const free = Promise.withResolvers<void>();
      this.#waiting.push(free.resolve);
      signal.addEventListener("abort", () => free.resolve(), { once: true });
      await free.promise;
      if (signal.aborted) {
        const place = this.#waiting.indexOf(free.resolve);
        // Its turn may have come in the same moment: then it is the next one's.
        if (place === -1) this.#waiting.shift()?.();
        else this.#waiting.splice(place, 1);
        throw new Fault("keys.unavailable", "every connection to the key store is busy");
      }
    }
    this.#busy += 1;
  }
}

/** A connection that was not answered as it should be is not used again. */
async function exchanged(
  { connection, version }: Spoken,
  question: KmipQuestion,
  signal: AbortSignal,
): Promise<KmipAnswer> {
  const request = encodeTtlv(requestMessage(version, question));
  try {
    const frame = await connection.exchange(request, signal);
    try {
      return answerOf(decodeTtlv(frame), question.operation);
    } catch (error) {
      frame.fill(0);
      throw error;
    }
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    request.fill(0);
  }
}

async function agreedVersion(
  connection: KmipConnection,
  signal: AbortSignal,
): Promise<KmipVersion> {
  const spoken = { connection, version: ASKING_VERSION };
  const answer = await exchanged(spoken, discoverQuestion(OFFERED), signal);
  const known = "payload" in answer ? discoveredVersions(answer.payload) : [];
  const agreed = OFFERED.find(({ major, minor }) =>
    known.some((version) => version.major === major && version.minor === minor),
  );
  if (agreed) return agreed;
  connection.destroy();
  throw new Fault("keys.denied", "the key store speaks no version of KMIP from 1.4 to 2.1", {
    cause: "said" in answer ? new Error(answer.said) : undefined,
  });
}
