/** Clients of a gateway whose files are changed, and what each of them must be answered. */
import { Agent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { sendTls, type TlsAnswer } from "../clients/tls-requests.ts";
import type { S3Keys } from "../servers/s3-server.ts";
import type { State, Truth } from "./truth.ts";

/** Where they go, and what is true there. */
export interface Visited {
  readonly endpoint: string;
  readonly ca: string;
  readonly truth: Truth;
  readonly bucket: string;
}

/** What they have seen. */
export interface Sightings {
  readonly counts: Readonly<Record<string, number>>;
  /** What was answered otherwise than it must be. */
  readonly wrong: readonly string[];
}

/** An object that is always there: what is read does not depend on what somebody was let write. */
export const LASTING_KEY = "lasting";

const PAUSE_MS = 10;
const LASTING: S3Keys = {
  accessKey: "LASTING0000000000001",
  secretKey: "lasting-secret-0123456789",
};

/** The credentials of a state: one that lasts, one whose secret is always another, and keys that come a state early and go a state late. */
export function credentialsOf(count: number): string {
  const users = [LASTING, changing(count), rolling(count - 1), rolling(count), rolling(count + 1)];
  return JSON.stringify(
    users.map(({ accessKey, secretKey }) => ({ access_key: accessKey, secret_key: secretKey })),
  );
}

const changing = (count: number): S3Keys => ({
  accessKey: "CHANGING000000000001",
  secretKey: `changing-secret-${count}`,
});
const rolling = (count: number): S3Keys => ({
  accessKey: `ROLLING${count + 1000}`,
  secretKey: `rolling-secret-${count}`,
});

/** Who comes, with what, and what he must be answered where one of these states is in force. */
interface Visitor {
  readonly name: string;
  keys(settled: State): S3Keys;
  readonly isSigned?: boolean;
  /** Comes by a connection of its own each time, and so sees the certificate. */
  readonly isNew?: boolean;
  /** Status codes that are right; with an object, its ETag is looked at, too. */
  statuses(isSettled: boolean): readonly number[];
}

const VISITORS: readonly Visitor[] = [
  { name: "lasting", keys: () => LASTING, statuses: () => [200] },
  { name: "lasting, by new connections", keys: () => LASTING, isNew: true, statuses: () => [200] },
  { name: "in time", keys: ({ credentials }) => rolling(credentials), statuses: () => [200] },
  {
    name: "with the secret of now",
    keys: ({ credentials }) => changing(credentials),
    statuses: (isSettled) => (isSettled ? [200] : [200, 403]),
  },
  {
    name: "with the secret of before",
    keys: ({ credentials }) => changing(credentials - 1),
    statuses: () => [403],
  },
  { name: "unsigned", keys: () => LASTING, isSigned: false, statuses: () => [403] },
];

/** Lets them come until `stop` is aborted. */
export async function visit(visited: Visited, stop: AbortSignal): Promise<Sightings> {
  const counts: Record<string, number> = {};
  const wrong: string[] = [];
  const coming = [...VISITORS, ...VISITORS].map(async (visitor, at) => {
    using agent = keptConnections();
    for (let n = 0; !stop.aborted; n++) {
      const problems = await visitOnce(visited, visitor, { agent, key: `${at}-${n % 8}` });
      counts[visitor.name] = (counts[visitor.name] ?? 0) + 1;
      wrong.push(...problems.map((problem) => `${visitor.name}: ${problem}`));
      await sleep(PAUSE_MS);
    }
  });
  await Promise.all(coming);
  return { counts, wrong };
}

function keptConnections(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

/** One PUT and one GET; what was wrong with the answers. */
async function visitOnce(
  { endpoint, ca, truth, bucket }: Visited,
  visitor: Visitor,
  { agent, key }: { agent: Agent; key: string },
): Promise<string[]> {
  const problems: string[] = [];
  for (const method of ["PUT", "GET"]) {
    const possible = truth.watch();
    const signer = { endpoint, ...visitor.keys(truth.settled) };
    const isPut = method === "PUT";
    const path = `/${bucket}/${isPut ? key : LASTING_KEY}`;
    const raw = { method, path, ...(isPut ? { body: key } : {}) };
    const way = { ca, ...(visitor.isNew ? {} : { agent }), isSigned: visitor.isSigned ?? true };
    let answer: TlsAnswer;
    try {
      answer = await sendTls(signer, raw, way);
    } catch (error) {
      problems.push(`${method} failed: ${String(error)}`);
      continue;
    }
    const problem = problemOf(answer, { visitor, states: possible(), isPut });
    if (problem) problems.push(`${method}: ${problem}`);
  }
  return problems;
}

function problemOf(
  { status, etag, fingerprint, body }: TlsAnswer,
  { visitor, states, isPut }: { visitor: Visitor; states: readonly State[]; isPut: boolean },
): string | undefined {
  if (!visitor.statuses(states.length === 1).includes(status)) return `status ${status} ${body}`;
  if (visitor.isNew && !states.some((state) => state.fingerprint === fingerprint)) {
    return "the certificate is none of those that can be in force";
  }
  if (!isPut || status !== 200) return undefined;
  const seen = etag.endsWith('-0"') ? "opaque" : "md5";
  return states.some((state) => state.etag === seen) ? undefined : `the ETag is ${seen}`;
}
