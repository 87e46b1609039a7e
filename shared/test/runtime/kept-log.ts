/** A log that keeps the messages it is told, for tests that look at them. */
import type { AdjustableLog, Log, LogFields } from "../../src/runtime/log.ts";

/** Keeps all of them, whatever their level; children keep into the same list. */
export class KeptLog implements AdjustableLog {
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

  setLevel(): void {}
}
