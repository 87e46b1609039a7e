/** Where audit events end up. */

/** Takes lines for good. */
export interface Sink {
  /** Writes whole lines, in order; resolves when they are as safe as this sink can make them. Called one at a time. */
  write(lines: string): Promise<void>;
}
