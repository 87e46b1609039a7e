/** Users of the broker as an operator makes them: by `deploy/nats/make-config.ts`, a seed for each process and what it may do. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { runToEnd } from "./child.ts";

const MAKE_CONFIG = join(import.meta.dirname, "../../deploy/nats/make-config.ts");

/** Who is who on a broker. */
export interface NatsUsers {
  /** To append to the configuration of the broker. */
  readonly configText: string;
  /** The file of a process's seed, by its services joined with `-`. */
  seedOf(name: string): string;
  /** The seed of one who may do everything with the gateway's subjects and has none of its secrets. */
  readonly anybody: string;
}

/** Makes them in a folder, for processes such as `keys` or `edge,audit,admin`. */
export async function makeNatsUsers(
  folder: string,
  processes: readonly string[],
): Promise<NatsUsers> {
  const args = processes.flatMap((name) => ["--process", name]);
  await runToEnd({ program: process.execPath, args: [MAKE_CONFIG, "--out", folder, ...args] });
  const anybody = nkeys.createUser();
  const seed = join(folder, "anybody.nk");
  await writeFile(seed, anybody.getSeed(), { mode: 0o600 });
  const accounts = await readFile(join(folder, "accounts.conf"), "utf8");
  return {
    configText: accounts.replace(
      "users [\n",
      `users [\n      { nkey: ${anybody.getPublicKey()} }\n`,
    ),
    seedOf: (name) => join(folder, `${name}.nk`),
    anybody: seed,
  };
}
