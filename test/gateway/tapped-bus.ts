/** The memory bus with a tap: what was answered can be read, and an answer can be kept from coming. */
import type { AskOptions } from "../../shared/src/bus/bus.ts";
import { MemoryBus } from "../../shared/src/bus/memory-bus.ts";
import type { Question } from "../../shared/src/contracts/contract.ts";
import { Fault } from "../../shared/src/faults.ts";
import type { Log } from "../../shared/src/runtime/log.ts";

/** What becomes of questions whose subject begins in a certain way. */
export type Trouble = "no-responder" | "no-answer" | Fault;

/** Milliseconds after which an asker who gets no answer gives up, so that tests do not wait for the real limit. */
const SHORT_WAIT_MS = 30;

/** A memory bus that can be listened in on and troubled. */
export class TappedBus extends MemoryBus {
  /** Answers as text, in the order they were given; bytes in them are in base64. */
  readonly answers: { readonly subject: string; readonly json: string }[] = [];
  readonly #troubles = new Map<string, Trouble>();

  constructor(log: Log) {
    super({ log });
  }

  /** Troubles all questions of a subject until the result is disposed of. */
  trouble(subject: string, trouble: Trouble): Disposable {
    this.#troubles.set(subject, trouble);
    return { [Symbol.dispose]: () => void this.#troubles.delete(subject) };
  }

  override async request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output> {
    const { subject } = question;
    const trouble = this.#troubles.get(subject);
    if (trouble instanceof Fault) throw trouble;
    if (trouble === "no-responder")
      throw new Fault("bus.no-responder", `nobody answers ${subject}`);
    if (trouble === "no-answer") {
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, SHORT_WAIT_MS);
      await promise;
      throw new Fault("bus.timeout", `no answer to ${subject} in time`);
    }
    const output = await super.request(question, input, options);
    this.answers.push({ subject, json: JSON.stringify(output, base64) });
    return output;
  }
}

/** Replacer for JSON. A Buffer has written itself down already when it is asked, so that the bytes are looked up where they were. */
function base64(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const raw = this[name];
  return raw instanceof Uint8Array ? Buffer.from(raw).toString("base64") : value;
}
