/** Steps whose answers differ because they must, each with the reason. One that has stopped to differ fails the test, and leaves this list. */
import type { Step } from "./step.ts";

interface Forced {
  readonly chapter: string;
  /** Of the step; every step that begins with it. */
  readonly about: string;
  /** The backends on which it differs. */
  readonly on: readonly string[];
  readonly reason: string;
}

const FORCED: readonly Forced[] = [];

/** The entry of the list that a step of a chapter falls under. */
export function forcedBy(backend: string, chapter: string, step: Step): Forced | undefined {
  return FORCED.find(
    (entry) =>
      entry.chapter === chapter && entry.on.includes(backend) && step.about.startsWith(entry.about),
  );
}

/** Every entry for a chapter on a backend. */
export function forcedOf(backend: string, chapter: string): readonly Forced[] {
  return FORCED.filter((entry) => entry.chapter === chapter && entry.on.includes(backend));
}
