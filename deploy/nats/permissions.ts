/** What a user of the broker may do: the subjects of its services, an inbox nobody else hears, and what JetStream needs (NATS docs, "Authorization"). */
import { type Service, TRAFFIC } from "./traffic.ts";

/** Allow lists of a user, in the words of nats-server's configuration. What is in none is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The rights of a process that plays these services. `prefix` is `NATS_SUBJECT_PREFIX`. */
export function permissionsOf(services: readonly Service[], prefix: string): Permissions {
  const plays = (names: readonly Service[]) => names.some((name) => services.includes(name));
  const traffic = Object.entries(TRAFFIC);
  const publish = traffic.filter(([, { from }]) => plays(from)).map(([name]) => name);
  const subscribe = traffic.filter(([, { to }]) => plays(to)).map(([name]) => name);
  const wired = (name: string) => `${prefix}.${name}`;
  return {
    publish: [...publish.map(wired), ...services.flatMap((name) => keptBy(name, prefix))],
    subscribe: [...subscribe.map(wired), `${inboxOf(services)}.>`, "$SRV.>"],
  };
}

/** Where a process gets its answers, so that no other service can listen to them: as the gateway names it from its roles. */
export function inboxOf(services: readonly Service[]): string {
  return `_INBOX.${services.join("-")}`;
}

/** What a service keeps in JetStream: of its streams alone, and of them what it does (ADR-8 of NATS, "JetStream based Key-Value Stores"). */
function keptBy(service: Service, prefix: string): string[] {
  if (service === "keys") return keyValueRights(`${prefix}-keys`, ["versions"]);
  if (service !== "edge") return [];
  const queue = { stream: `${prefix}-job-queue`, subject: `${prefix}.edge.job.run` };
  return [...keyValueRights(`${prefix}-jobs`, ["jobs"]), ...workQueueRights(queue)];
}

/** Everyone who puts work also takes it, with the one consumer that all share. */
function workQueueRights({ stream, subject }: { stream: string; subject: string }): string[] {
  const consumer = `${stream}.runners`;
  return [
    subject,
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${consumer}`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${consumer}`,
    `$JS.API.CONSUMER.INFO.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
    `$JS.ACK.${consumer}.>`,
  ];
}

function keyValueRights(bucket: string, names: readonly string[]): string[] {
  const stream = `KV_${bucket}`;
  return [
    "$JS.API.INFO",
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.>`,
    `$JS.FC.${stream}.>`,
    ...names.map((name) => `$KV.${bucket}.${name}`),
  ];
}
