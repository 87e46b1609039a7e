/**
 * The NATS micro protocol (ADR-32): lets `nats micro ls`, `info` and `stats` see what a process answers. One MicroService is one
 * instance of one owner's queue group; the bus subscribes its subjects and sends what `answer` says.
 */
import { randomUUID } from "node:crypto";

const VERBS = ["PING", "INFO", "STATS"] as const;
type Verb = (typeof VERBS)[number];

/** Counts of one served question since the service started. */
export interface MicroEndpoint {
  /** One question was answered, in `tookNs`; `error` says how if with a fault. */
  record(tookNs: number, error?: string): void;
}

/** What a service is called. Names may hold letters, digits, `-` and `_`; anything else becomes `-`. */
export interface MicroIdentity {
  readonly name: string;
  /** Semantic version of the program. */
  readonly version: string;
}

/** One instance of a service, with an id of its own. */
export class MicroService {
  readonly #name: string;
  readonly #version: string;
  readonly #id = randomUUID();
  readonly #started = new Date().toISOString();
  readonly #endpoints: Endpoint[] = [];

  constructor({ name, version }: MicroIdentity) {
    this.#name = plainName(name);
    this.#version = version;
  }

  /** Adds a served question: `name` without the owner, `subject` as it is on the wire. */
  addEndpoint(place: { name: string; subject: string; queueGroup: string }): MicroEndpoint {
    const endpoint = new Endpoint({ ...place, name: plainName(place.name) });
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** Every subject on which the service must answer, and what it answers there (a function giving JSON). */
  answers(): { subject: string; answer: () => string }[] {
    return VERBS.flatMap((verb) =>
      ["", `.${this.#name}`, `.${this.#name}.${this.#id}`].map((suffix) => ({
        subject: `$SRV.${verb}${suffix}`,
        answer: () => JSON.stringify(this.#answer(verb)),
      })),
    );
  }

  #answer(verb: Verb): object {
    const identity = {
      name: this.#name,
      id: this.#id,
      version: this.#version,
      metadata: {},
      type: `io.nats.micro.v1.${verb.toLowerCase()}_response`,
    };
    switch (verb) {
      case "PING":
        return identity;
      case "INFO":
        return { ...identity, description: "", endpoints: this.#endpoints.map((e) => e.info()) };
      case "STATS":
        return {
          ...identity,
          started: this.#started,
          endpoints: this.#endpoints.map((e) => e.stats()),
        };
    }
  }
}

class Endpoint implements MicroEndpoint {
  readonly #place: { name: string; subject: string; queueGroup: string };
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #processingNs = 0;

  constructor(place: { name: string; subject: string; queueGroup: string }) {
    this.#place = place;
  }

  record(tookNs: number, error?: string): void {
    this.#requests++;
    this.#processingNs += Math.round(tookNs);
    if (error === undefined) return;
    this.#errors++;
    this.#lastError = error;
  }

  info(): object {
    const { name, subject, queueGroup } = this.#place;
    return { name, subject, queue_group: queueGroup, metadata: {} };
  }

  stats(): object {
    const { name, subject, queueGroup } = this.#place;
    return {
      name,
      subject,
      queue_group: queueGroup,
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: this.#processingNs,
      average_processing_time: Math.round(this.#processingNs / Math.max(1, this.#requests)),
    };
  }
}

function plainName(name: string): string {
  return name.replaceAll(/[^\w-]/g, "-");
}
