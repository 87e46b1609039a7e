/** The state of multipart uploads: in Valkey where one is configured, else embedded in DATA_DIR (ARCHITECTURE.md, "Embedded state"). */
import { hkdfSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { errorCodeOf } from "@s3eg/shared/runtime/error-code.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";
import { Secret } from "@s3eg/shared/runtime/secret.ts";
import { readSecretBytes } from "@s3eg/shared/runtime/secret-source.ts";
import { placeOfState } from "../../../crypto/src/multipart-state/config.ts";
import { openMultipartState } from "../../../crypto/src/multipart-state/configured-state.ts";
import type { MultipartState } from "../../../crypto/src/multipart-state/multipart-state.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import { areSelfSufficient, type Role } from "../roles.ts";

const KEY_BYTES = 32;

/** What decides where the state lies. */
export interface UploadStateParts {
  readonly config: GatewayConfig;
  readonly roles: ReadonlySet<Role>;
  readonly env: Env;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Opens the state; undefined where uploads are switched off, or have no place: they are then refused, never taken without it. */
export async function openUploadState(
  parts: UploadStateParts,
): Promise<MultipartState | undefined> {
  const { config, roles } = parts;
  if (config.server.disable_multipart_uploads) return undefined;
  const place = placeOfState(config.multipart_state, areSelfSufficient(roles));
  if (!place) return undefined;
  const dataDir = config.data_dir;
  const stateKey = place === "valkey" ? await sharedKey(config.service) : keptKey(dataDir);
  const state = { ...parts, place, config: config.multipart_state, dataDir, stateKey };
  return await openMultipartState(state);
}

/** Workers that share a Valkey share the secret of keys and crypto, and so this key. */
async function sharedKey(service: GatewayConfig["service"]): Promise<Secret<Uint8Array>> {
  const name = "service.keys_secret (KEYS_SECRET)";
  const source = { name, inline: service.keys_secret, file: service.keys_secret_file };
  const secret = await readSecretBytes(source, KEY_BYTES);
  if (!secret)
    throw new Fault("config.invalid", `${name}: needed where uploads are kept in Valkey`);
  const key = hkdfSync("sha256", secret.reveal(), "", "s3eg/state/1", KEY_BYTES);
  return new Secret<Uint8Array>(Buffer.from(key));
}

/** Made at the first start and kept in `dataDir`, readable by its owner alone. */
function keptKey(dataDir: string): Secret<Uint8Array> {
  const path = join(dataDir, "state.key");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (errorCodeOf(error) !== "EEXIST") {
      throw new Fault("config.invalid", `${path} can't be written`, { cause: error });
    }
  }
  const key = readFileSync(path);
  if (key.byteLength !== KEY_BYTES) throw new Fault("config.invalid", `${path} is damaged`);
  return new Secret<Uint8Array>(key);
}
