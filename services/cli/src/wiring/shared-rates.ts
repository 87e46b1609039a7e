/** Rate limits that replicas count together, in the Valkey that also keeps the state of uploads. */
import { hkdfSync } from "node:crypto";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readSecretBytes } from "@s3eg/shared/runtime/secret-source.ts";
import { SharedRates } from "@s3eg/shared/runtime/shared-rate-limit.ts";
import { Valkey } from "@s3eg/shared/runtime/valkey.ts";
import { valkeySettingsOf } from "../../../crypto/src/multipart-state/configured-state.ts";
import type { Policies } from "../../../edge/src/auth/policy.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";

const SECRET_BYTES = 32;

/** What the start of edge knows. */
interface SharedRatesParts {
  readonly config: GatewayConfig;
  readonly policies: Policies;
  readonly env: Env;
  readonly stack: AsyncDisposableStack;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Undefined where nothing can be counted together: no Valkey, or no secret that replicas have in common. It serves a limit that a
 * reload brings first, too; who has none yet may lack what Valkey needs.
 */
export async function sharedRatesOf(parts: SharedRatesParts): Promise<SharedRates | undefined> {
  const { config, policies, env, stack, log, metrics } = parts;
  const { valkey } = config.multipart_state;
  if (valkey.addr === undefined) return undefined;
  const isWanted = hasSharedRate(config, policies);
  const secret = await commonSecret(config.service);
  if (!secret) {
    const level = isWanted ? "warn" : "info";
    log[level](
      {},
      "rate limits count in this process alone: neither SERVICE_SECRET nor KEYS_SECRET",
    );
    return undefined;
  }
  try {
    const settings = await valkeySettingsOf(valkey, env);
    const open = () => stack.use(new Valkey(settings, log));
    return new SharedRates({ open, secret, log, metrics });
  } catch (error) {
    if (isWanted) throw error;
    log.info({ err: error }, "rate limits would count in this process alone: no use of Valkey");
    return undefined;
  }
}

function hasSharedRate({ rate_limit }: GatewayConfig, policies: Policies): boolean {
  const ofPolicies = [policies.standard, ...policies.rules].some(({ rate }) => rate?.isShared);
  return ofPolicies || (rate_limit.enabled && rate_limit.shared);
}

/** Names of clients are hidden by it: another key than any that the secret itself is used for. */
async function commonSecret(
  service: GatewayConfig["service"],
): Promise<Secret<Uint8Array> | undefined> {
  const { secret, secret_file, keys_secret, keys_secret_file } = service;
  const known =
    (await read("service.secret (SERVICE_SECRET)", secret, secret_file)) ??
    (await read("service.keys_secret (KEYS_SECRET)", keys_secret, keys_secret_file));
  if (!known) return undefined;
  const key = hkdfSync("sha256", known.reveal(), "", "s3eg/rate-limit/1", SECRET_BYTES);
  return new Secret<Uint8Array>(Buffer.from(key));
}

async function read(
  name: string,
  inline: Secret | undefined,
  file: string | undefined,
): Promise<Secret<Uint8Array> | undefined> {
  return await readSecretBytes({ name, inline, file }, SECRET_BYTES);
}
