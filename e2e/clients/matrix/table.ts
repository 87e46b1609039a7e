/** The matrix as a table to print: client and scheme by operation. */
import { OPERATIONS, type Operation } from "./operations.ts";

/** What came of one operation: `ok`, `FAILED`, or `–` with why there is none; and what else is to say of it. */
export interface Cell {
  readonly text: string;
  readonly note?: string | undefined;
}

/** Collects rows, and numbers their notes. */
export class MatrixTable {
  readonly #rows = new Map<string, Map<Operation, Cell>>();

  /** Fills one cell; `row` is the client, its version and the scheme. */
  set(row: string, operation: Operation, cell: Cell): void {
    const cells = this.#rows.get(row) ?? new Map<Operation, Cell>();
    this.#rows.set(row, cells.set(operation, cell));
  }

  /** The table with its notes below. Cells that never ran show as `?`. */
  toString(): string {
    const notes: string[] = [];
    const marked = ({ text, note }: Cell): string => {
      if (note === undefined) return text;
      if (!notes.includes(note)) notes.push(note);
      return `${text} [${notes.indexOf(note) + 1}]`;
    };
    const width = Math.max(0, ...[...this.#rows.keys()].map((row) => row.length));
    const lines = [...this.#rows].map(([row, cells]) => {
      const texts = OPERATIONS.map((operation) => marked(cells.get(operation) ?? { text: "?" }));
      return line(row.padEnd(width), texts);
    });
    const head = line("client".padEnd(width), OPERATIONS);
    return [head, ...lines, ...notes.map((note, n) => `[${n + 1}] ${note}`)].join("\n");
  }
}

function line(first: string, cells: readonly string[]): string {
  return [first, ...cells.map((cell) => cell.padEnd(13))].join("  ").trimEnd();
}
