/** A value that must never be printed. */
import { inspect } from "node:util";

/** Wraps a secret so that every way of printing it gives `[secret]`; `reveal()` is the one way to the value, easy to search for. */
export class Secret<Value = string> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  reveal(): Value {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
