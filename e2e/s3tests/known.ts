/** What is known to differ through the gateway (names/baseline-<backend>.txt), and how a run compares with it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcomes } from "./junit.ts";

/** Where lists of names are. */
export const NAMES_FOLDER = join(import.meta.dirname, "names");

/** The tests that are known to fail through the gateway though they pass directly on that backend. Each has its reason in the file. */
export async function knownDifferences(backend: string): Promise<string[]> {
  const file = join(NAMES_FOLDER, `baseline-${backend}.txt`);
  if (!existsSync(file)) return [];
  const text = await readFile(file, "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Prints every failure that is not known, and every known one that passes by now. True when nothing failed that is not known. */
export function reportFailures(
  { passed, failed, skipped }: Outcomes,
  known: readonly string[],
): boolean {
  const surprises = failed.filter((name) => !known.includes(name));
  print([
    ...surprises.map((name) => `NEW FAILURE ${name}`),
    ...healed(passed, known),
    `${passed.length} passed, ${failed.length} failed (${failed.length - surprises.length} of them known), ${skipped.length} skipped`,
  ]);
  return surprises.length === 0 && passed.length > 0;
}

/**
 * Prints both numbers and each regression: a test that passes directly and not through the gateway. True when every regression is
 * known.
 */
export function reportComparison(
  direct: Outcomes,
  through: Outcomes,
  known: readonly string[],
): boolean {
  const regressions = direct.passed.filter((name) => !through.passed.includes(name));
  const surprises = regressions.filter((name) => !known.includes(name));
  const gained = through.passed.filter((name) => !direct.passed.includes(name));
  print([
    ...regressions.map(
      (name) => `${known.includes(name) ? "known regression" : "REGRESSION"} ${name}`,
    ),
    ...healed(through.passed, known),
    `directly ${direct.passed.length} passed, through the gateway ${through.passed.length}: ` +
      `${regressions.length} regressions (${regressions.length - surprises.length} of them known), ` +
      `${gained.length} pass through the gateway alone`,
  ]);
  return surprises.length === 0 && direct.passed.length > 0;
}

function healed(passed: readonly string[], known: readonly string[]): string[] {
  return known
    .filter((name) => passed.includes(name))
    .map((name) => `passes now, strike it from the baseline: ${name}`);
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}
