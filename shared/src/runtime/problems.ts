/** Gathers what is wrong with a configuration, so that whoever wrote it is told of everything at once. */
import { Fault, isFault } from "../faults.ts";

/** Problems so far. */
export class Problems {
  readonly #lines: string[] = [];

  /** What `read` gives; undefined where it throws `config.invalid`, whose problems are kept. Anything else is thrown on. */
  from<Value>(read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (!isFault(error, "config.invalid")) throw error;
      this.#lines.push(error.message);
      return undefined;
    }
  }

  /** Throws `config.invalid` with every problem, if there is one. */
  refuse(): void {
    if (this.#lines.length > 0) throw new Fault("config.invalid", this.#lines.join("\n"));
  }
}
