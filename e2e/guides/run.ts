/**
 * Runs the code blocks of the guides. `run.ts [GUIDE …]` (a part of its file name; default: all) prints the counts and ends with 1 where a
 * block fails, with `--show` also what each block printed; `run.ts --check [FOLDER]` runs nothing and looks at tags, links and the share of what is not run.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type Block, blockName, countBlocks, type Guide, parseGuide } from "./guide.ts";
import { deadLinks } from "./links.ts";
import { runBlocks } from "./shell.ts";

const ROOT = join(import.meta.dirname, "../..");
const HIGHEST_SHARE = 0.2;
const say = (line: string) => process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean" }, show: { type: "boolean" } },
  allowPositionals: true,
});
const root = (values.check && positionals[0]) || ROOT;
const guides = globSync(["README.md", "docs/README.md", "docs/guides/**/*.md"], { cwd: root })
  .toSorted()
  .map((path) => parseGuide(path, readFileSync(join(root, path), "utf8")));

const problems = [
  ...guides.flatMap((guide) => guide.problems),
  ...guides.flatMap(({ path }) => deadLinks(root, path)),
];
for (const problem of problems) say(problem);
const isWhole = sayCounts() && problems.length === 0;
const areGood = values.check === true || (await runAll());
process.exitCode = isWhole && areGood ? 0 : 1;

/** False where too much is not run. */
function sayCounts(): boolean {
  const { run, notRun } = countBlocks(guides);
  const share = notRun / (run + notRun);
  say(`${guides.length} documents, ${run} blocks run, ${notRun} not run (${percent(share)})`);
  if (share <= HIGHEST_SHARE) return true;
  say(`more than ${percent(HIGHEST_SHARE)} of the blocks are not run`);
  return false;
}

async function runAll(): Promise<boolean> {
  const chosen = guides.filter(
    ({ path }) =>
      positionals.length === 0 || positionals.some((name) => basename(path).includes(name)),
  );
  let failures = 0;
  for (const guide of chosen) {
    const blocks = blocksToRun(guide);
    if (countBlocks([guide]).run === 0) continue;
    const failure = await runBlocks(blocks, values.show ? show : undefined);
    const { run, notRun } = countBlocks([guide]);
    if (failure === undefined) {
      say(`ok      ${guide.path}: ${run} run, ${notRun} not run`);
      continue;
    }
    failures += 1;
    const owner = guide.blocks.includes(failure.block) ? guide : precursorOf(guide);
    say(`FAILED  ${guide.path}: ${blockName(owner ?? guide, failure.block)} ${failure.seen}`);
  }
  say(`${chosen.length - failures} of ${chosen.length} documents are as they say`);
  return failures === 0 && chosen.length > 0;
}

function show({ line, text }: Block, output: string): void {
  say(`--- ${line}\n${text}---\n${output}`);
}

function blocksToRun(guide: Guide): Block[] {
  const before = precursorOf(guide)?.blocks ?? [];
  return [...before, ...guide.blocks].filter(({ use }) => use !== undefined);
}

function precursorOf({ goesOnFrom }: Guide): Guide | undefined {
  if (goesOnFrom === undefined) return undefined;
  const found = guides.find(({ path }) => basename(path) === goesOnFrom);
  if (found === undefined) throw new Error(`there is no ${goesOnFrom}`);
  return found;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
