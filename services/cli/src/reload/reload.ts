/** Reloading while the process runs: whenever files have changed, and at SIGHUP, everything is read again, and exchanged as a whole or not at all. */
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { Env, GatewayConfig } from "../gateway-config.ts";
import type { Role } from "../roles.ts";
import { readRules } from "../rules.ts";
import { startFilesOf, watchedPathsOf, writtenConfig } from "./configured-files.ts";
import { exchangedConfig } from "./exchangeable.ts";
import { FileWatch, type FileWatchOptions } from "./file-watch.ts";
import { type ReloadResult, type ReloadRooms, reloadRecord } from "./reload-record.ts";
import { ruleDifferences } from "./rule-differences.ts";
import type { RulesInForce } from "./rules-in-force.ts";
import { stampOf } from "./watched-paths.ts";

/** What reloads are made of. */
export interface Reloading {
  /** Reads the whole configuration as the start did; throws `config.invalid`. */
  readConfig(): GatewayConfig;
  readonly rules: RulesInForce;
  readonly roles: ReadonlySet<Role>;
  readonly env: Env;
  readonly rooms: ReloadRooms;
  /** How patient the watch on the files is. */
  readonly watch?: Pick<FileWatchOptions, "quietMs" | "pollMs">;
}

/** Reloads. Disposing ends the watch. */
export interface Reloader extends Disposable {
  /** As if files had changed; for SIGHUP. Resolves when it is done. */
  reload(): Promise<void>;
}

/** Why is reloaded. At the start, because files may have changed since they were read for it: roles take their time. */
type Cause = "start" | "files" | "signal";

/** How often is tried again what was refused because somebody else could not be asked. */
const RETRY_MS = 5000;

/** Watches the files of the configuration in force, and those of one that was refused: whoever mends it is seen. */
export function startReloading(reloading: Reloading): Reloader {
  const { rooms } = reloading;
  const record = reloadRecord(rooms);
  const attempt = attempts(reloading);
  let retry: NodeJS.Timeout | undefined;
  let latest = Promise.resolve();
  const reload = async (cause: Cause): Promise<void> => {
    clearTimeout(retry);
    const { result, paths, stamp } = await attempt();
    watch.follow(paths, stamp);
    if (!result || (cause === "start" && result.kind === "unchanged")) return;
    record(result, cause);
    if (result.kind !== "refused") return;
    if (result.error instanceof Fault && result.error.isRetryable) {
      retry = setTimeout(() => start("files"), RETRY_MS).unref();
    }
  };
  const enqueue = (cause: Cause): Promise<void> => {
    const next = latest.then(() => reload(cause));
    // One that fails does not keep the next from trying.
    latest = next.catch(() => {});
    return next;
  };
  const start = (cause: Cause): void => {
    enqueue(cause).catch((err: unknown) => rooms.log.error({ err }, "reloading failed"));
  };
  const watch = new FileWatch({
    ...reloading.watch,
    log: rooms.log,
    onChange: () => start("files"),
  });
  start("start");
  return {
    reload: () => enqueue("signal"),
    [Symbol.dispose]() {
      clearTimeout(retry);
      watch[Symbol.dispose]();
    },
  };
}

interface Attempt {
  /** Absent where files changed while they were read: then they are read again soon. */
  readonly result: ReloadResult | undefined;
  readonly paths: ReturnType<typeof watchedPathsOf>;
  /** Of the paths, as they were read. */
  readonly stamp: string;
}

/** One reload after the other. Never throws: what is refused is a result. */
function attempts({ readConfig, rules, roles, env }: Reloading): () => Promise<Attempt> {
  const filesOfTheStart = startFilesOf(rules.current.config);
  const refuseEmptied = writtenConfig(env);
  return async () => {
    const inForce = watchedPathsOf(rules.current.config, env);
    let paths = inForce;
    let stamp = stampOf(paths);
    try {
      refuseEmptied();
      const fresh = readConfig();
      const its = watchedPathsOf(fresh, env);
      paths = {
        files: [...new Set([...inForce.files, ...its.files])],
        globs: [...new Set([...inForce.globs, ...its.globs])],
      };
      const before = stampOf(inForce);
      if (before !== stamp) return { result: undefined, paths: inForce, stamp };
      stamp = stampOf(paths);
      const { config, changed, waiting } = exchangedConfig(rules.current.config, fresh);
      const next = readRules(config, { roles, env });
      // Nobody goes by what was read half before and half after somebody wrote.
      if (stampOf(paths) !== stamp) return { result: undefined, paths, stamp };
      const differing = [...new Set([...changed, ...ruleDifferences(rules.current, next)])];
      const postponed = [...waiting, ...filesOfTheStart()];
      if (differing.length === 0) {
        return { result: { kind: "unchanged", waiting: postponed }, paths, stamp };
      }
      await rules.exchange(next);
      return { result: { kind: "applied", changed: differing, waiting: postponed }, paths, stamp };
    } catch (error) {
      return { result: refusal(error), paths, stamp };
    }
  };
}

function refusal(error: unknown): ReloadResult {
  const problems = isFault(error) ? error.message.split("\n") : ["reading it failed"];
  return { kind: "refused", error, problems };
}
