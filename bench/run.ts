/**
 * npm run bench: CPU and throughput of the gateway next to a plain pass-through, in one run and by turns, because
 * only ratios within a run mean anything on a shared machine.
 * run.ts [--rounds 3] [--seconds 2] [--cells TEXT] [--no-gateway] [--check]
 * --cells: those whose name holds TEXT; --check: status 1 when a mark is missed.
 */
import { parseArgs } from "node:util";
import { CELLS, type Cell, cpuPerUnit, type Measured, measure, median, seed } from "./cells.ts";
import { startTargets, type TargetName, type Targets } from "./targets.ts";

const MIB = 1024 * 1024;
/** Before the first round, until cold code no longer counts: no target is measured while its code is still being compiled. */
const WARM_UP_SECONDS = 3;

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "2" },
      cells: { type: "string", default: "" },
      gateway: { type: "boolean", default: true },
      check: { type: "boolean", default: false },
    },
  });
  const plan = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  let isGood = true;
  {
    await using targets = await startTargets({ hasGateway: values.gateway });
    say(row(["cell", "target", "req/s", "MiB/s", "CPU-s", "per", "× pass", "mark", "peak MiB"]));
    for (const cell of CELLS.filter(({ name }) => name.includes(values.cells))) {
      isGood = (await runCell(targets, cell, plan)) && isGood;
    }
  }
  if (values.check && !isGood) process.exitCode = 1;
}

/** Runs all rounds of a cell and prints a line per target; true when the gateway keeps its mark. */
async function runCell(
  targets: Targets,
  cell: Cell,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<boolean> {
  const { gateway, backend } = targets;
  const servers = new Map<TargetName, typeof backend>([
    ...(gateway === undefined ? [] : [["gateway", gateway] as const]),
    ["pass-through", targets["pass-through"]],
    ["backend", backend],
  ]);
  const results = new Map<TargetName, Measured[]>();
  for (const server of servers.values()) {
    await seed(server, cell);
    await measure(server, cell, WARM_UP_SECONDS);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of servers) {
      const measured = await measure(server, cell, seconds);
      results.set(name, [...(results.get(name) ?? []), measured]);
    }
  }
  const yardstick = (results.get("pass-through") ?? []).map((one) => cpuPerUnit(one, cell));
  const verdicts = [...results].map(([name, measured]) => {
    return printResult(cell, { name, measured, yardstick });
  });
  return verdicts.every((isMet) => isMet);
}

/** Prints the line of one target; false when it is the gateway and misses its mark. */
function printResult(
  cell: Cell,
  result: { name: TargetName; measured: readonly Measured[]; yardstick: readonly number[] },
): boolean {
  const { name, measured, yardstick } = result;
  const costs = measured.map((one) => cpuPerUnit(one, cell));
  const ratio = median(costs.map((cost, round) => cost / (yardstick[round] ?? Number.NaN)));
  const isMet = name !== "gateway" || ratio <= cell.maxCpuRatio;
  const mark = name === "gateway" ? `${isMet ? "ok" : "MISSED"} ≤${cell.maxCpuRatio}` : "";
  const columns = [
    cell.name,
    name,
    median(measured.map(({ done }) => done.requests / done.seconds)).toFixed(0),
    median(measured.map(({ done }) => done.bytes / MIB / done.seconds)).toFixed(1),
    median(costs).toFixed(3),
    cell.bytes >= MIB ? "GiB" : "1000",
    ratio.toFixed(2),
    mark,
    Math.max(...measured.map(({ peakBytes }) => peakBytes / MIB)).toFixed(0),
  ];
  say(row(columns));
  return isMet;
}

function row(columns: readonly string[]): string {
  const widths = [17, 14, 9, 9, 9, 6, 8, 12, 9];
  return columns
    .map((text, at) => (at < 2 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
    .join("");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
