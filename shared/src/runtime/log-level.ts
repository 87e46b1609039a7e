/** The level of a process's log: the configured one, or for a while the one that an operator wants. */
import type { Bus } from "../bus/bus.ts";
import { logLevelSet } from "../contracts/log-level.ts";
import type { AnnouncementProof } from "../trust/announcement-proof.ts";
import type { AdjustableLog, LogLevel } from "./log.ts";

/** What is in force. */
export interface LogLevelState {
  readonly level: LogLevel;
  readonly configured: LogLevel;
  /** `Date.now()` value at which the configured level is back; absent where no end is set. */
  readonly untilMs?: number;
}

/** Longest time a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Forgeries come as fast as somebody likes; the log is told this seldom. */
const WARN_EVERY_MS = 60_000;

/** Keeps the level of a log. An operator's wish outlasts a change of the configuration. */
export class LogLevelKeeper implements Disposable {
  readonly #log: AdjustableLog;
  #configured: LogLevel;
  #wish: { readonly level: LogLevel; readonly untilMs?: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: AdjustableLog, configured: LogLevel) {
    this.#log = log;
    this.#configured = configured;
  }

  get state(): LogLevelState {
    const { level = this.#configured, untilMs } = this.#wish ?? {};
    const end = untilMs === undefined ? {} : { untilMs };
    return { level, configured: this.#configured, ...end };
  }

  /** The configuration says so. */
  configure(level: LogLevel): void {
    this.#configured = level;
    this.#log.setLevel(this.state.level);
  }

  /** An operator says so; without a level the configured one is back. */
  wish(level: LogLevel | undefined, untilMs?: number): void {
    clearTimeout(this.#timer);
    this.#wish =
      level === undefined ? undefined : { level, ...(untilMs === undefined ? {} : { untilMs }) };
    this.#log.setLevel(this.state.level);
    this.#log.warn({ ...this.state }, "log level set by an operator");
    if (level !== undefined && untilMs !== undefined) this.#endAt(untilMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #endAt(untilMs: number): void {
    const restMs = untilMs - Date.now();
    this.#timer = setTimeout(
      () => (restMs > MAX_TIMER_MS ? this.#endAt(untilMs) : this.wish(undefined)),
      Math.min(Math.max(0, restMs), MAX_TIMER_MS),
    );
    this.#timer.unref();
  }
}

/** Does what admin announces. Without a proof (all roles are in this process) it is believed; an older announcement than the last is not. */
export function followLogLevel(
  keeper: LogLevelKeeper,
  { bus, log, proof }: { bus: Bus; log: AdjustableLog; proof: AnnouncementProof | undefined },
): void {
  let lastMs = 0;
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  bus.subscribe(logLevelSet, (fact) => {
    const isGenuine = proof?.isGenuine(fact) ?? true;
    if (!isGenuine || fact.announcedAtMs <= lastMs) {
      if (performance.now() - warnedAtMs < WARN_EVERY_MS) return;
      warnedAtMs = performance.now();
      log.warn({}, "an announcement of a log level was not believed");
      return;
    }
    lastMs = fact.announcedAtMs;
    keeper.wish(fact.level, fact.untilMs);
  });
}
