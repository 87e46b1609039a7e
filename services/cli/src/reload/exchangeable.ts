/** Which settings a running process takes over, and which wait for its next start. */
import { isDeepStrictEqual } from "node:util";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { settingsOf, valueAt } from "@s3eg/shared/runtime/settings.ts";
import { type GatewayConfig, gatewaySchema } from "../gateway-config.ts";

/** A configuration as far as a running process can go by it. */
export interface Exchanged {
  /** What is running, with everything taken over that can be. */
  readonly config: GatewayConfig;
  /** Names of settings that changed and were taken over. */
  readonly changed: readonly string[];
  /** Names of settings that changed and wait for the next start. */
  readonly waiting: readonly string[];
}

/** Holds what was just read against what is running. */
export function exchangedConfig(running: GatewayConfig, fresh: GatewayConfig): Exchanged {
  const { log_level, policies, rate_limit, objects, auth } = fresh;
  const config = {
    ...running,
    log_level,
    policies,
    rate_limit,
    objects,
    auth,
    server: { ...running.server, read_only: fresh.server.read_only },
    tls: sameKindOfTls(running.tls, fresh.tls),
    admin: { ...running.admin, tls: sameKindOfTls(running.admin.tls, fresh.admin.tls) },
  };
  return {
    config,
    changed: differences(running, config),
    waiting: differences(config, fresh),
  };
}

/** Whether a port has TLS, and whether it asks for certificates, is settled when it is opened. */
function sameKindOfTls<
  Tls extends { readonly enabled: boolean; readonly client_ca_file?: string | undefined },
>(running: Tls, fresh: Tls): Tls {
  const asks = ({ client_ca_file }: Tls) => client_ca_file !== undefined;
  return running.enabled === fresh.enabled && asks(running) === asks(fresh) ? fresh : running;
}

/** Names of the settings that two configurations have different values for. */
function differences(one: GatewayConfig, other: GatewayConfig): string[] {
  return settingsOf(gatewaySchema)
    .filter(({ path }) => !isSame(valueAt(one, path), valueAt(other, path)))
    .map(({ path }) => path.join("."));
}

/** Equal as settings are, secrets by what they hide. */
function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Secret && other instanceof Secret) return isSame(one.reveal(), other.reveal());
  if (!isPlain(one) || !isPlain(other)) return isDeepStrictEqual(one, other);
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => isSame(one[name], other[name]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
