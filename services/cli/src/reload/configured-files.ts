/** The files that a configuration is made of: its own, and those that its settings and variables name. */
import { readFileSync } from "node:fs";
import { Fault } from "@s3eg/shared/faults.ts";
import { settingsOf } from "@s3eg/shared/runtime/settings.ts";
import { configPath, type Env, type GatewayConfig, gatewaySchema } from "../gateway-config.ts";
import { stampOf, type WatchedPaths } from "./watched-paths.ts";

/** What a reload reads again, or who reads it is told that it does not. */
export function watchedPathsOf(config: GatewayConfig, env: Env): WatchedPaths {
  const named = namedFiles(config).map(({ path }) => path);
  const credentials = env.AUTH_CREDENTIALS_FILE;
  const files = [configPath(env), ...(credentials ? [credentials] : []), ...named];
  return { files, globs: config.policies };
}

/** Settings that name a file which is read at the start alone. */
const READ_AGAIN = new Set([
  "tls.cert_file",
  "tls.key_file",
  "tls.client_ca_file",
  "admin.tls.cert_file",
  "admin.tls.key_file",
  "admin.auth.token_file",
]);

/** Tells the settings whose files are others than when this was called, though they are read at the start alone. */
export function startFilesOf(config: GatewayConfig): () => string[] {
  const files = namedFiles(config).filter(({ setting }) => !READ_AGAIN.has(setting));
  const stamp = (path: string) => stampOf({ files: [path], globs: [] });
  const atStart = files.map(({ setting, path }) => ({ setting, path, stamp: stamp(path) }));
  return () =>
    atStart.filter((file) => stamp(file.path) !== file.stamp).map(({ setting }) => setting);
}

/**
 * Tells whether the file of the configuration holds anything. Throws `config.invalid` once it has and does not any more: an editor that
 * has emptied it is about to write it, and nobody means to run without a setting by way of a reload.
 */
export function writtenConfig(env: Env): () => void {
  const path = configPath(env);
  let wasWritten = isWritten(path);
  return () => {
    const isNow = isWritten(path);
    if (wasWritten && !isNow) throw new Fault("config.invalid", `${path}: is gone or empty`);
    wasWritten = isNow;
  };
}

function isWritten(path: string): boolean {
  try {
    return readFileSync(path, "utf8").trim() !== "";
  } catch {
    return false;
  }
}

/** Settings called `…_file` that are set. */
function namedFiles(config: GatewayConfig): { readonly setting: string; readonly path: string }[] {
  return settingsOf(gatewaySchema).flatMap(({ path }) => {
    if (!path.at(-1)?.endsWith("_file")) return [];
    const value = path.reduce<unknown>(
      (at, step) =>
        typeof at === "object" && at !== null ? (at as Record<string, unknown>)[step] : undefined,
      config,
    );
    return typeof value === "string" ? [{ setting: path.join("."), path: value }] : [];
  });
}
