/** A log that keeps the messages it is told, for tests that look at them. */
import type { Log, LogFields } from "../../src/runtime/log.ts";

/** Children keep into the same list. */
export class KeptLog implements Log {
  readonly lines: string[] = [];

  debug(_fields: LogFields, message: string): void {
    this.lines.push(message);
  }

  info(fields: LogFields, message: string): void {
    this.debug(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.debug(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.debug(fields, message);
  }

  child(): Log {
    return this;
  }
}
