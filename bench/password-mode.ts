/**
 * What keys from a password cost beside configured AES keys: CPU of 1000 small PUTs, in one run and by turns. Both wrap each data key alike;
 * the password's own key is derived once per epoch (docs/format.md §10). password-mode.ts [--rounds 15] [--seconds 3] [--check]
 * --check: status 1 when the median of the rounds is above the mark.
 */
import { parseArgs } from "node:util";
import { startGateway } from "../e2e/gateway.ts";
import { makeScratch } from "../e2e/servers/place.ts";
import { CELLS, cpuPerUnit, measure, median, seed } from "./cells.ts";
import { startScript } from "./targets.ts";

const MAX_RATIO = 1.02;
const WARM_UP_SECONDS = 5;
const PASSWORD = {
  KEY_MANAGER_ENABLED: "",
  SELF_CONTAINED_AES_KEYS: "",
  ENCRYPTION_PASSWORD: "correct horse battery staple",
};

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      seconds: { type: "string", default: "3" },
      check: { type: "boolean", default: false },
    },
  });
  const ratio = await compare(Number(values.rounds), Number(values.seconds));
  if (values.check && ratio > MAX_RATIO) process.exitCode = 1;
}

/** The median of the rounds' ratios, which it prints. */
async function compare(rounds: number, seconds: number): Promise<number> {
  const [cell] = CELLS;
  if (!cell) throw new Error("no cell");
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await makeScratch("bench"));
  const backend = stack.use(await startScript("counting-backend.ts", scratch.folder));
  const targets = [
    stack.use(await startGateway({ backend })),
    stack.use(await startGateway({ backend, env: PASSWORD })),
  ];
  for (const target of targets) {
    await seed(target, cell);
    await measure(target, cell, WARM_UP_SECONDS);
  }
  const costs: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes from round to round: what a machine does between two is nobody's advantage.
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    const cost: number[] = [];
    for (const n of order) {
      const target = targets[n];
      if (target) cost[n] = cpuPerUnit(await measure(target, cell, seconds), cell);
    }
    costs.push(cost);
  }
  const [aes, password] = [0, 1].map((n) => median(costs.map((cost) => cost[n] ?? Number.NaN)));
  const ratios = costs.map(([one = Number.NaN, other = Number.NaN]) => other / one);
  const ratio = median(ratios);
  say(`${cell.name}, CPU-s per 1000, medians of ${rounds} rounds of ${seconds} s`);
  say(`AES ${aes?.toFixed(3)}  password ${password?.toFixed(3)}`);
  const sorted = ratios.toSorted((a, b) => a - b).map((one) => one.toFixed(3));
  say(`ratio of the rounds: median ${ratio.toFixed(3)}, mark ≤${MAX_RATIO}: ${sorted.join(" ")}`);
  return ratio;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
