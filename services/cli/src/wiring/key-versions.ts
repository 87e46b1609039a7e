/** Decisions about key versions, where the settings say: shared with other replicas of keys over NATS, or in DATA_DIR alone. */
import { join } from "node:path";
import type { NatsBus } from "@s3eg/shared/bus/nats-bus.ts";
import { NatsKeptValue } from "@s3eg/shared/bus/nats-kept-value.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { NatsSection } from "@s3eg/shared/runtime/common-config.ts";
import type { HealthCheck } from "@s3eg/shared/runtime/health.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Secret } from "@s3eg/shared/runtime/secret.ts";
import { configuredCustodian } from "../../../keys/src/custody/configured-custodian.ts";
import type { ActiveCustodian } from "../../../keys/src/custody/custodian.ts";
import { openRotation, type Rotation } from "../../../keys/src/rotation/configured-rotation.ts";
import { openSharedRotation } from "../../../keys/src/rotation/configured-sharing.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import { openBus } from "./buses.ts";
import { secretsOf } from "./secrets.ts";

/** Decisions that are heard of until it is disposed of; the custodian under them stays open. */
interface OpenedRotation extends Rotation, AsyncDisposable {
  /** Absent where there is nobody to hear of. */
  readonly check?: HealthCheck;
}

/** How long a tool waits for the broker and for JetStream, which may elect leaders twice after a server went: 4 to 9 seconds each. */
const TOOL_PATIENCE_MS = 30_000;

/** For a process that is on the bus: `nats` and KEYS_SECRET are absent where it is in memory. Waits, and throws, as `openSharedRotation` says. */
export async function openRotationOn(
  nats: NatsBus | undefined,
  custodian: ActiveCustodian,
  options: {
    readonly folder: string;
    readonly section: NatsSection;
    readonly secret: Secret<Uint8Array> | undefined;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<OpenedRotation> {
  const { folder, section, secret, log, signal } = options;
  if (!nats || !secret) {
    const rotation = openRotation(custodian, folder);
    return { ...rotation, [Symbol.asyncDispose]: async () => await Promise.resolve() };
  }
  const bucket = `${section.subject_prefix}-keys`;
  const { replicas } = section;
  const value = new NatsKeptValue(nats.connection, { bucket, key: "versions", replicas });
  const place = { value, name: bucket, secret };
  return await openSharedRotation(custodian, { folder, place, log, signal });
}

/** For a tool, which has the settings and the folder of keys. `bus.unavailable` where decisions are shared and can't be read now. */
export async function openToolRotation(
  custodian: ActiveCustodian,
  { config, log }: { readonly config: GatewayConfig; readonly log: Log },
): Promise<OpenedRotation> {
  await using stack = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(TOOL_PATIENCE_MS);
  try {
    const roles = new Set(["keys"] as const);
    const secrets = await secretsOf(config, roles);
    const { bus, nats } = await openBus(config.nats, { roles, log, signal });
    stack.defer(() => bus.drain());
    const folder = join(config.data_dir, "keys");
    const options = { folder, section: config.nats, secret: secrets?.keys, log, signal };
    const rotation = stack.use(await openRotationOn(nats, custodian, options));
    const held = stack.move();
    return { ...rotation, [Symbol.asyncDispose]: () => held.disposeAsync() };
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const message =
      "what was decided about key versions can't be read: NATS or its JetStream is away";
    throw new Fault("bus.unavailable", message, { cause });
  }
}

/**
 * The key store of the settings under these decisions, for tools. Asks the store for nothing; `config.invalid` where the settings are not good.
 * Disposing closes everything.
 */
export async function openKeyVersions(given: {
  readonly config: GatewayConfig;
  readonly env: Env;
  readonly log: Log;
}): Promise<Rotation & AsyncDisposable> {
  const { config, env, log } = given;
  await using stack = new AsyncDisposableStack();
  const folder = join(config.data_dir, "keys");
  const parts = { config: config.encryption, env, folder, log };
  const custodian = stack.use(await configuredCustodian(parts));
  const rotation = stack.use(await openToolRotation(custodian, given));
  const held = stack.move();
  return { ...rotation, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
