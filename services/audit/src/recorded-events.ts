/** Tells admin what was recorded, for people who look at it: once a second at most, and never more than fits a small message. */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { eventsRecorded, MAX_ANNOUNCED_EVENTS, TrailEvent } from "@s3eg/shared/contracts/status.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import type { AnnouncementProof } from "@s3eg/shared/trust/announcement-proof.ts";

const INTERVAL_MS = 1000;

/** How it is told. */
export interface TellingParts {
  readonly bus: Bus;
  /** Absent where all roles are in this process. */
  readonly proof: AnnouncementProof | undefined;
  readonly log: Log;
}

/** Tells of lines of the trail. Disposing ends it; what was not told yet is not told. */
export class RecordedEvents implements Disposable {
  readonly #parts: TellingParts;
  readonly #timer: NodeJS.Timeout;
  #failures: string[] = [];
  #successes: string[] = [];
  #omitted = 0;
  #isHeard = true;

  constructor(parts: TellingParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.tell().catch(() => undefined);
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  /** A writer whose lines are told of once they are written. */
  watching(writer: {
    write(lines: readonly string[]): Promise<void>;
  }): (lines: readonly string[]) => Promise<void> {
    return async (lines) => {
      await writer.write(lines);
      this.#add(lines);
    };
  }

  /** Tells what was recorded since it last did. Never rejects. */
  async tell(): Promise<void> {
    const lines = [...this.#failures, ...this.#successes];
    if (lines.length === 0) return;
    const fact = { events: lines.flatMap(eventOf), omitted: this.#omitted };
    [this.#failures, this.#successes, this.#omitted] = [[], [], 0];
    const { bus, proof, log } = this.#parts;
    try {
      const unproven = { ...fact, announcedAtMs: Date.now(), mac: "" };
      await bus.publish(eventsRecorded, proof ? proof.prove(fact) : unproven);
      this.#isHeard = true;
    } catch (error) {
      if (this.#isHeard) log.warn({ err: error }, "recorded events were not told to admin");
      this.#isHeard = false;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Failures stay before successes, and of either the newest. */
  #add(lines: readonly string[]): void {
    for (const line of lines) {
      const kept = line.includes('"success":false') ? this.#failures : this.#successes;
      kept.push(line);
    }
    const before = this.#failures.length + this.#successes.length;
    this.#failures = this.#failures.slice(-MAX_ANNOUNCED_EVENTS);
    const room = MAX_ANNOUNCED_EVENTS - this.#failures.length;
    this.#successes = room === 0 ? [] : this.#successes.slice(-room);
    this.#omitted += before - this.#failures.length - this.#successes.length;
  }
}

/** What is shown of a line (record.ts); nothing of one that is not as expected. */
function eventOf(line: string): TrailEvent[] {
  const { event_id, event_type, client_ip, request_id, access_key, ...rest } = JSON.parse(
    line,
  ) as Record<string, unknown>;
  const parsed = TrailEvent.safeParse({
    ...rest,
    eventId: event_id,
    eventType: event_type,
    clientIp: client_ip,
    requestId: request_id,
    accessKey: access_key,
    bytesIn: rest.bytes_in,
    bytesOut: rest.bytes_out,
    durationMs: rest.duration_ms,
  });
  return parsed.success ? [parsed.data] : [];
}
