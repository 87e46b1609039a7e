/** What the story showed on which store, as a table for the end of a run. */
import assert from "node:assert/strict";

/** Everything that is shown, in the order of the story. */
const STEPS = [
  "put",
  "get",
  "range",
  "copy",
  "multipart",
  "sealed",
  "restart",
  "rotate",
  "rewrap",
  "old key gone",
  "other key",
  "key ended",
  "down",
  "hung",
  "slow",
  "breaker",
  "garbage",
] as const;
/** One of them. */
export type Step = (typeof STEPS)[number];

/** A row for each store, a column for each step. */
export class ToldTable {
  readonly #rows = new Map<string, Map<Step, string>>();

  /** Adds a row. */
  begin(store: string): void {
    this.#rows.set(store, new Map());
  }

  /** A step that held; `how` says more than yes. */
  told(store: string, step: Step, how = "yes"): void {
    this.#rows.get(store)?.set(step, how);
  }

  /** The lines, for `diagnostic`. */
  lines(): string[] {
    const names = [...this.#rows.keys()];
    const first = Math.max(...names.map((name) => name.length));
    const cell = (name: string, step: Step) => this.#rows.get(name)?.get(step) ?? "NO";
    const widths = STEPS.map((step) =>
      Math.max(step.length, ...names.map((name) => cell(name, step).length)),
    );
    const row = (name: string, cells: readonly string[]) =>
      [name.padEnd(first), ...cells.map((text, at) => text.padEnd(widths[at] ?? 0))].join(" | ");
    return [
      row("", STEPS),
      ...names.map((name) =>
        row(
          name,
          STEPS.map((step) => cell(name, step)),
        ),
      ),
    ];
  }

  /** Fails where a store has not shown everything. */
  checkWhole(): void {
    const missing = [...this.#rows].flatMap(([name, row]) =>
      STEPS.filter((step) => !row.has(step)).map((step) => `${name}: ${step}`),
    );
    assert.deepEqual(missing, []);
  }
}
