/** The bus of a process: memory between its own roles, NATS to all others where it is configured. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { LocalFirstBus } from "@s3eg/shared/bus/local-first-bus.ts";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { NatsBus } from "@s3eg/shared/bus/nats-bus.ts";
import type { NatsSection } from "@s3eg/shared/runtime/common-config.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Role } from "../roles.ts";
import { VERSION } from "../version.ts";

/** The bus of a process, and the part of it that other processes hear; undefined without a broker. */
interface OpenedBus {
  readonly bus: Bus;
  readonly nats: NatsBus | undefined;
}

/** Opens the bus; the caller drains it, and with it what is under it. `roles` are those whose user on the broker this process is. */
export async function openBus(
  config: NatsSection,
  { roles, log, signal }: { roles: ReadonlySet<Role>; log: Log; signal: AbortSignal },
): Promise<OpenedBus> {
  const local = new MemoryBus({ log });
  if (config.url === undefined) return { bus: local, nats: undefined };
  const remote = await NatsBus.connect({
    servers: config.url.split(",").map((url) => url.trim()),
    name: `s3eg ${[...roles].join("+")}`,
    version: VERSION,
    subjectPrefix: config.subject_prefix,
    credsFile: config.creds_file,
    tls: tlsOf(config.tls),
    // An inbox for each user, which need not let any listen to the answers of another (deploy/nats).
    inboxPrefix: `_INBOX.${[...roles].join("-")}`,
    hearsItself: false,
    signal,
    log,
  });
  return { bus: new LocalFirstBus(local, remote), nats: remote };
}

/** Without any file the URL alone decides (`tls://`). */
function tlsOf({ ca_file, cert_file, key_file }: NatsSection["tls"]) {
  if (ca_file === undefined && cert_file === undefined) return undefined;
  return { caFile: ca_file, certFile: cert_file, keyFile: key_file };
}
