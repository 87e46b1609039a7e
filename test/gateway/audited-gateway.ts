/** A gateway whose audit trail and metrics a test reads as operators do. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type GatewayWish, type RunningGateway, runningGateway } from "./running-gateway.ts";

/** One line of the audit trail. */
export interface AuditEvent {
  readonly event_type: string;
  readonly operation: string;
  readonly success: boolean;
  readonly request_id: string;
  readonly client_ip?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly error?: string;
  readonly metadata?: Readonly<Record<string, string | number>>;
}

/** A gateway, its audit trail and its metrics. */
export interface AuditedGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** The events so far of these types, in order. */
  events(...types: readonly string[]): Promise<AuditEvent[]>;
  /** Resolves with the first `count` events of a type; fails after five seconds. */
  eventsOf(type: string, count: number): Promise<AuditEvent[]>;
  /** Value of a metric by name and labels as Prometheus writes them; 0 where there is none yet. */
  metric(series: string): Promise<number>;
}

/** Starts it with an audit file in a folder of its own. */
export async function auditedGateway(wish: GatewayWish = {}): Promise<AuditedGateway> {
  await using held = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "s3eg-audited-"));
  held.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "audit.jsonl");
  const env = { AUDIT_ENABLED: "true", AUDIT_SINK_TYPE: "file", AUDIT_SINK_FILE_PATH: path };
  const gateway = held.use(await runningGateway({ ...wish, env: { ...env, ...wish.env } }));
  const events = async (...types: readonly string[]) => {
    const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
    const all = lines.map((line) => JSON.parse(line) as AuditEvent);
    return all.filter(({ event_type }) => types.includes(event_type));
  };
  const parts = held.move();
  return {
    gateway,
    events,
    async eventsOf(type, count) {
      for (let waited = 0; waited < 5000; waited += 10) {
        const seen = await events(type);
        if (seen.length >= count) return seen.slice(0, count);
        await sleep(10);
      }
      throw new Error(`waited in vain for ${count} events ${type}`);
    },
    async metric(series) {
      const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
      const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
      return line === undefined ? 0 : Number(line.slice(series.length));
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
