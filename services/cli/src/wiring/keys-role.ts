/** Starts the role keys: its key stores, what was decided about their versions, and whoever may ask. */
import { join } from "node:path";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import { configuredLegacy } from "../../../keys/src/legacy/configured-legacy.ts";
import { startKeys } from "../../../keys/src/main.ts";
import { openRotationDesk } from "../../../keys/src/rotation/configured-desk.ts";
import type { RulesInForce } from "../reload/rules-in-force.ts";
import type { Rules } from "../rules.ts";
import { openRotationOn } from "./key-versions.ts";
import { refuseUnknownKeys } from "./policy-keys.ts";
import type { Process } from "./process.ts";

/** What of a process the role needs. */
type KeysRole = Omit<Process, "log" | "roles" | "ways" | "local" | "rules"> & {
  readonly log: Log;
  /** Those of edge, where it is a role of this process: its policies may name only keys that they may choose. */
  readonly rules: RulesInForce | undefined;
};

/** Answers nobody before it knows which versions were retired: without JetStream, where NATS is configured, it waits. */
export async function startKeysRole(role: KeysRole): Promise<void> {
  const { config, env, stack, stop, bus, nats, secrets, rules, log, metrics, health } = role;
  const guards = secrets?.keys && {
    dataKeys: new AnswerGuard({ secret: secrets.keys }),
    headers: new AnswerGuard({ secret: secrets.service }),
  };
  const folder = join(config.data_dir, "keys");
  const parts = { config: config.encryption, env, folder, log, metrics };
  const custodians = stack.use(await configuredCustodian(parts));
  if (rules) {
    const check = async ({ entrance }: Rules) => {
      if (entrance) refuseUnknownKeys(entrance.policies, custodians);
    };
    await check(rules.current);
    rules.checkedBy(check);
  }
  const section = config.nats;
  const options = { folder, section, secret: secrets?.keys, log, signal: stop };
  const rotation = stack.use(await openRotationOn(nats, custodians, options));
  if (rotation.check) health.add("key-versions", rotation.check);
  const { custodian, states } = rotation;
  const acceptsForgeable = config.legacy.accept_forgeable;
  const legacy = await configuredLegacy(parts, { custodians, acceptsForgeable, states });
  const { policyStores } = custodians;
  const common = { folder, bus, guards, log, metrics, health };
  await startKeys({ custodian, legacy, policyStores, ...common });
  const policy = config.encryption.key_manager.rotation_policy;
  const desk = { rotation, policy, folder, bus, guard: guards?.headers, log, metrics };
  stack.use(openRotationDesk(desk));
}
