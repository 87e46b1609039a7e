/** Health: what the probes of an orchestrator and of a load balancer are told. */
import type { Log } from "./log.ts";

/** Settles when what it checks can be used; rejects (for whatever reason) when not. */
export type HealthCheck = (signal: AbortSignal) => Promise<unknown>;

/** A check that passes as long as `holds` says so. */
export function checkThat(holds: () => boolean): HealthCheck {
  return () => (holds() ? Promise.resolve() : Promise.reject(new Error("not available")));
}

/** JSON body of an answer. A failed check says `unavailable` and nothing more: the reason is in the log. */
export interface HealthBody {
  readonly status: "healthy" | "alive" | "ready" | "not_ready" | "started";
  readonly timestamp: string;
  readonly version: string;
  readonly checks?: Readonly<Record<string, "ok" | "unavailable">>;
}

/** Answer to a probe. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: HealthBody;
}

/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 2000;
/** Probes within this time share one run of the checks: asking us often must not mean asking a KMS often. */
const CACHE_MS = 1000;

type Checks = Record<string, "ok" | "unavailable">;

/** State and checks of one process: starting, then ready, then draining. */
export class Health {
  readonly #version: string;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #checks = new Map<string, HealthCheck>();
  readonly #failing = new Set<string>();
  #state: "starting" | "ready" | "draining" = "starting";
  #latest: { readonly checks: Promise<Checks>; untilMs: number } | undefined;

  /** `now` is a clock in milliseconds, for tests. */
  constructor(options: { version: string; log: Log; now?: () => number }) {
    this.#version = options.version;
    this.#log = options.log;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Makes readiness depend on `check`. The name is shown to whoever probes. */
  add(name: string, check: HealthCheck): void {
    if (this.#checks.has(name)) throw new Error(`there is a health check ${name} already`);
    this.#checks.set(name, check);
    // A run that is under way does not know of it.
    this.#latest = undefined;
  }

  /** Starting is over: from now on readiness is what the checks say. */
  markReady(): void {
    if (this.#state === "starting") this.#state = "ready";
  }

  /** For good not ready, still alive: no new work is wanted, what is under way goes on. */
  markDraining(): void {
    this.#state = "draining";
  }

  /** `running` once starting is over, whatever the checks say. */
  get phase(): "starting" | "running" | "draining" {
    return this.#state === "ready" ? "running" : this.#state;
  }

  get isDraining(): boolean {
    return this.#state === "draining";
  }

  /** The answer to a probe of `path`; undefined if it is none. Never rejects. */
  answer(path: string): Promise<HealthAnswer> | undefined {
    switch (path) {
      case "/health":
      case "/healthz":
        return Promise.resolve(this.#say(200, "healthy"));
      case "/live":
      case "/livez":
        return Promise.resolve(this.#say(200, "alive"));
      case "/startupz":
        return Promise.resolve(
          this.#state === "starting" ? this.#say(503, "not_ready") : this.#say(200, "started"),
        );
      case "/ready":
      case "/readyz":
        return this.#readiness();
      default:
        return undefined;
    }
  }

  async #readiness(): Promise<HealthAnswer> {
    const checks = await this.#sharedChecks();
    const isReady = this.#state === "ready" && !Object.values(checks).includes("unavailable");
    return isReady ? this.#say(200, "ready", checks) : this.#say(503, "not_ready", checks);
  }

  #say(status: 200 | 503, word: HealthBody["status"], checks?: Checks): HealthAnswer {
    const timestamp = new Date().toISOString();
    const body = { status: word, timestamp, version: this.#version };
    return { status, body: checks === undefined ? body : { ...body, checks } };
  }

  #sharedChecks(): Promise<Checks> {
    if (this.#latest && this.#now() < this.#latest.untilMs) return this.#latest.checks;
    const checks = this.#runChecks().finally(() => {
      latest.untilMs = this.#now() + CACHE_MS;
    });
    const latest = { checks, untilMs: Number.POSITIVE_INFINITY };
    this.#latest = latest;
    return checks;
  }

  async #runChecks(): Promise<Checks> {
    const results = [...this.#checks].map(async ([name, check]) => {
      return [name, (await this.#passes(name, check)) ? "ok" : "unavailable"] as const;
    });
    return Object.fromEntries(await Promise.all(results));
  }

  async #passes(name: string, check: HealthCheck): Promise<boolean> {
    const ended = new AbortController();
    const expired = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      expired.reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`));
    }, CHECK_TIMEOUT_MS);
    try {
      await Promise.race([check(ended.signal), expired.promise]);
      if (this.#failing.delete(name)) this.#log.info({ check: name }, "health check passes again");
      return true;
    } catch (error) {
      if (!this.#failing.has(name)) {
        this.#log.warn({ check: name, err: error }, "health check fails");
      }
      this.#failing.add(name);
      return false;
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  }
}
