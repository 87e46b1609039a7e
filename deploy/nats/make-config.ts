/**
 * Makes what a broker needs to know of the gateway's processes: `accounts.conf` to include in nats-server's configuration, and a file with the
 * seed of its nkey for each process (`NATS_CREDS_FILE`). Run again it keeps the seeds that are there.
 *
 *     node deploy/nats/make-config.ts --out DIR [--prefix s3eg] [--process edge --process crypto,keys …]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nkeys } from "@nats-io/transport-node";
import { accountsConfig, type BrokerUser } from "./server-config.ts";
import { SERVICES, type Service } from "./traffic.ts";

const USAGE =
  "usage: make-config.ts --out DIR [--prefix PREFIX] [--process SERVICE[,SERVICE …] …]\n";

function run(): number {
  const { out, prefix, processes } = optionsOf();
  if (out === undefined || processes === undefined || !/^[A-Za-z0-9_-]+$/.test(prefix)) {
    process.stderr.write(`${USAGE}services: ${SERVICES.join(", ")}\n`);
    return 2;
  }
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const users: BrokerUser[] = processes.map((services) => ({
    services,
    publicKey: publicKeyIn(join(out, `${services.join("-")}.nk`)),
  }));
  const systemKey = publicKeyIn(join(out, "system.nk"));
  writeFileSync(join(out, "accounts.conf"), accountsConfig(users, { prefix, systemKey }));
  return 0;
}

function optionsOf() {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      prefix: { type: "string", default: "s3eg" },
      process: { type: "string", multiple: true, default: [...SERVICES] },
    },
  });
  const processes = values.process.map(servicesOf);
  const isKnown = (found: readonly Service[] | undefined) => found !== undefined;
  return {
    out: values.out,
    prefix: values.prefix,
    processes: processes.every(isKnown) ? processes : undefined,
  };
}

/** In the order in which the gateway names its roles, which its inbox is called by. */
function servicesOf(text: string): readonly Service[] | undefined {
  const names = text.split(",").map((name) => name.trim());
  const found = SERVICES.filter((service) => names.includes(service));
  return found.length === names.length ? found : undefined;
}

function publicKeyIn(file: string): string {
  if (!existsSync(file)) {
    writeFileSync(file, nkeys.createUser().getSeed(), { mode: 0o600, flag: "wx" });
  }
  return nkeys.fromSeed(readFileSync(file)).getPublicKey();
}

process.exitCode = run();
