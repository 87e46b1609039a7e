/** The last events that audit said it recorded. */
import type { EventsRecorded, TrailEvent } from "@s3eg/shared/contracts/status.ts";

const MAX_EVENTS = 2000;

/** What is asked for; absent: any. */
export interface TrailFilter {
  /** Operation or type of event. */
  readonly operation?: string | undefined;
  readonly bucket?: string | undefined;
  readonly result?: "success" | "failure" | undefined;
  /** Access key or label of the credential. */
  readonly accessKey?: string | undefined;
  readonly limit: number;
}

/** Keeps the newest events, and counts those that were recorded and not told. */
export class TrailTail {
  #events: TrailEvent[] = [];
  #omitted = 0;
  #isHeard = false;

  /** False while no audit has said anything. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Events that audit recorded and, being too many at a time, did not tell. */
  get omitted(): number {
    return this.#omitted;
  }

  heard({ events, omitted }: EventsRecorded): void {
    this.#isHeard = true;
    this.#omitted += omitted;
    this.#events = [...this.#events, ...events].slice(-MAX_EVENTS);
  }

  /** Newest first. */
  find(filter: TrailFilter): TrailEvent[] {
    const found = this.#events.filter((event) => fits(event, filter));
    return found.slice(-filter.limit).reverse();
  }
}

function fits(event: TrailEvent, { operation, bucket, result, accessKey }: TrailFilter): boolean {
  return (
    (operation === undefined || [event.operation, event.eventType].includes(operation)) &&
    (bucket === undefined || event.bucket === bucket) &&
    (result === undefined || event.success === (result === "success")) &&
    (accessKey === undefined || [event.accessKey, event.label].includes(accessKey))
  );
}
