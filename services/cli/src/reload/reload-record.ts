/** What is kept of a reload: log, metrics, audit event. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { configurationReloaded } from "@s3eg/shared/contracts/audit.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { Metrics } from "@s3eg/shared/runtime/metrics.ts";

/** How a reload ended. */
export type ReloadResult =
  | { readonly kind: "unchanged"; readonly waiting: readonly string[] }
  | {
      readonly kind: "applied";
      /** What is other than before, by settings and kinds of files. */
      readonly changed: readonly string[];
      /** Settings that wait for the next start. */
      readonly waiting: readonly string[];
    }
  | { readonly kind: "refused"; readonly error: unknown; readonly problems: readonly string[] };

/** Where it is told. */
export interface ReloadRooms {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly bus: Pick<Bus, "publish">;
  /** Of this process. */
  readonly roles: readonly string[];
}

/** Tells of reloads; `cause`: `start`, `files` or `signal`. */
export function reloadRecord(rooms: ReloadRooms): (result: ReloadResult, cause: string) => void {
  const { log, metrics } = rooms;
  const total = metrics.counter({
    name: "config_reload_total",
    help: "Reloads of the configuration and the files that it names, by result: applied, unchanged, refused.",
    labels: ["result"],
  });
  const refused = metrics.gauge({
    name: "config_reload_refused",
    help: "1 while what lies in the files is refused and an older configuration is in force.",
  });
  const appliedAt = metrics.gauge({
    name: "config_reload_last_applied_timestamp_seconds",
    help: "When the configuration in force was taken over, in seconds since 1970.",
  });
  for (const result of ["applied", "unchanged", "refused"]) total.add({ result }, 0);
  refused.set({}, 0);
  appliedAt.set({}, Date.now() / 1000);
  return (result, cause) => {
    total.add({ result: result.kind });
    refused.set({}, result.kind === "refused" ? 1 : 0);
    if (result.kind === "applied") appliedAt.set({}, Date.now() / 1000);
    logReload(log, result, cause);
    if (result.kind !== "unchanged" || cause === "signal") announce(rooms, result, cause);
  };
}

function logReload(log: Log, result: ReloadResult, cause: string): void {
  if (result.kind === "refused") {
    const { error: err, problems } = result;
    const message = "configuration not reloaded: the one of before stays in force";
    log.error({ cause, problems, err }, message);
    return;
  }
  const { waiting } = result;
  if (result.kind === "applied") {
    log.info({ cause, changed: result.changed }, "configuration reloaded");
  } else {
    log.info({ cause }, "configuration reloaded: nothing has changed that can be exchanged");
  }
  if (waiting.length > 0) {
    log.warn({ settings: waiting }, "settings have changed that need a restart");
  }
}

function announce({ bus, log, roles }: ReloadRooms, result: ReloadResult, cause: string): void {
  const isRefused = result.kind === "refused";
  const fact = {
    timestamp: new Date().toISOString(),
    roles: [...roles],
    cause,
    success: !isRefused,
    changed: result.kind === "applied" ? [...result.changed] : [],
    waiting: isRefused ? [] : [...result.waiting],
    ...(isRefused ? { error: result.problems.join("\n") } : {}),
  };
  bus.publish(configurationReloaded, fact).catch((err: unknown) => {
    log.warn({ err }, "audit event of a reload was not announced");
  });
}
