/** From settings to the state of uploads that a worker runs with. */
import { Fault } from "@s3eg/shared/faults.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readSettingFiles } from "@s3eg/shared/runtime/setting-files.ts";
import {
  Valkey,
  type ValkeyAddress,
  type ValkeySettings,
  type ValkeyTls,
  type ValkeyUser,
} from "@s3eg/shared/runtime/valkey.ts";
import { createStateSeal } from "@s3eg/shared/sealing/state-seal.ts";
import type { MultipartStateSection, ValkeySection } from "./config.ts";
import { MeasuredState } from "./measured-state.ts";
import { type MultipartState, STATE_GRACE } from "./multipart-state.ts";
import { SealedState } from "./sealed-state.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { StateStore } from "./state-store.ts";
import { ValkeyStore } from "./valkey-store.ts";

/** What the state is opened with. */
export interface StateParts {
  readonly place: "valkey" | "embedded";
  readonly config: MultipartStateSection;
  /** Where passwords are looked up that the settings only name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `DATA_DIR`. */
  readonly dataDir: string;
  /** 32 bytes, the same for all workers that share the store. */
  readonly stateKey: Secret<Uint8Array>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Opens the state, sealed, measured and checked at intervals. A Valkey that is not there yet is no fault: until it is, every call is
 * `state.unavailable`. Settings that cannot be followed are `config.invalid`.
 */
export async function openMultipartState(parts: StateParts): Promise<MultipartState> {
  const { place, config, stateKey, log, metrics } = parts;
  const { encrypt_state, allow_legacy_plaintext_state } = config.valkey;
  const store = place === "valkey" ? await openValkey(parts) : openEmbedded(parts);
  const legacyReads = metrics.counter({
    name: "gateway_mpu_state_legacy_reads_total",
    help: "Values read from the store of multipart uploads that were not sealed, though new ones are.",
  });
  const seal = createStateSeal(stateKey, {
    encrypts: encrypt_state,
    acceptsClear: allow_legacy_plaintext_state,
    onClear: () => encrypt_state && legacyReads.add({}),
  });
  const isInsecure = !config.valkey.tls.enabled || config.valkey.tls.insecure_skip_verify;
  return new MeasuredState(new SealedState(store, seal), {
    metrics,
    log,
    checkEveryMs: config.valkey.health_check_interval,
    isEncrypted: encrypt_state,
    valkey: place === "valkey" ? { isInsecure } : undefined,
  });
}

/** What the settings say of the connection, with passwords and certificates read. `config.invalid` where one is not there. */
export async function valkeySettingsOf(
  valkey: ValkeySection,
  env: StateParts["env"],
): Promise<ValkeySettings> {
  const { mode, username, password_env, db, tls, sentinel } = valkey;
  const userOf = (name: string | undefined, variable: string | undefined): ValkeyUser => ({
    name,
    password: variable === undefined ? undefined : passwordOf(variable, env),
  });
  return {
    mode,
    addresses: (valkey.addr ?? "").split(",").map(addressOf),
    user: userOf(username, password_env),
    db,
    tls: tls.enabled ? await tlsOf(tls) : undefined,
    sentinel:
      mode === "sentinel"
        ? { master: sentinel.master, user: userOf(sentinel.username, sentinel.password_env) }
        : undefined,
    connectTimeoutMs: valkey.dial_timeout,
    commandTimeoutMs: valkey.read_timeout + valkey.write_timeout,
  };
}

async function openValkey({ config, env, log }: StateParts): Promise<StateStore> {
  const { valkey } = config;
  const settings = await valkeySettingsOf(valkey, env);
  if (settings.tls === undefined) {
    log.warn({}, "the connection to Valkey is plaintext (insecure_allow_plaintext)");
  }
  return new ValkeyStore(new Valkey(settings, log), { limits: limitsOf(config), log });
}

function openEmbedded({ config, dataDir }: StateParts): StateStore {
  return new SqliteStore({ folder: dataDir, limits: limitsOf(config), now: Date.now });
}

function limitsOf({ valkey, max_parked_bytes }: MultipartStateSection) {
  const ttlMs = Math.ceil(valkey.ttl_seconds * 1000 * (1 + STATE_GRACE));
  return { ttlMs, maxParkedBytes: max_parked_bytes };
}

function addressOf(text: string): ValkeyAddress {
  const colon = text.lastIndexOf(":");
  const host = text
    .slice(0, colon)
    .trim()
    .replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(text.slice(colon + 1)) };
}

function passwordOf(variable: string, env: StateParts["env"]): Secret {
  const password = env[variable];
  if (password) return new Secret(password);
  throw new Fault("config.invalid", `multipart_state.valkey: ${variable} holds no password`);
}

async function tlsOf(tls: ValkeySection["tls"]): Promise<ValkeyTls> {
  const { ca_file, cert_file, key_file } = tls;
  const files = { ca_file, cert_file, key_file };
  const [ca, cert, key] = await readSettingFiles("multipart_state.valkey.tls", files);
  const minVersion = tls.min_version === "1.2" ? "TLSv1.2" : "TLSv1.3";
  return { ca, cert, key, minVersion, verifies: !tls.insecure_skip_verify };
}
