/** The processes of the gateway, as they announce themselves. */
import type { ProcessAlive } from "@s3eg/shared/contracts/status.ts";

/** More than this are not shown; announcements are proven, so it is our own number of processes that ends it. */
const MAX_PROCESSES = 512;
/** Four announcements that did not come. */
const SILENT_MS = 8000;
/** How long a process is shown after it was heard last. */
const REMEMBERED_MS = { stopped: 60_000, silent: 15 * 60_000 };

/** What a process said last, and what follows from that it said nothing since. */
export interface SeenProcess {
  readonly state: ProcessAlive;
  /** By our own clock. */
  readonly lastSeenMs: number;
  /** `ready` only where every check passes; `silent`: not heard of for eight seconds, and it did not say that it stops. */
  readonly condition: "starting" | "ready" | "not_ready" | "draining" | "stopped" | "silent";
}

/** Keeps the last word of every process. */
export class ProcessTable {
  readonly #entries = new Map<string, { readonly state: ProcessAlive; readonly heardMs: number }>();
  readonly #now: () => number;

  /** `now` is the wall clock in milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A process said how it is; whoever passes it on has checked that it is one of ours. */
  heard(state: ProcessAlive): void {
    this.#forget();
    if (!this.#entries.has(state.id) && this.#entries.size >= MAX_PROCESSES) return;
    this.#entries.set(state.id, { state, heardMs: this.#now() });
  }

  /** All of them, by role and then by host. */
  list(): SeenProcess[] {
    this.#forget();
    return [...this.#entries.values()]
      .map(({ state, heardMs }) => {
        const isSilent = this.#now() - heardMs > SILENT_MS;
        return { state, lastSeenMs: heardMs, condition: conditionOf(state, isSilent) };
      })
      .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  }

  #forget(): void {
    for (const [id, { state, heardMs }] of this.#entries) {
      const kept = state.phase === "stopped" ? REMEMBERED_MS.stopped : REMEMBERED_MS.silent;
      if (this.#now() - heardMs > kept) this.#entries.delete(id);
    }
  }
}

function conditionOf({ phase, checks }: ProcessAlive, isSilent: boolean): SeenProcess["condition"] {
  if (phase === "stopped") return "stopped";
  if (isSilent) return "silent";
  if (phase !== "running") return phase;
  return Object.values(checks).includes("unavailable") ? "not_ready" : "ready";
}

function placeOf({ state }: SeenProcess): string {
  return JSON.stringify([state.roles, state.host, state.startedAtMs, state.id]);
}
