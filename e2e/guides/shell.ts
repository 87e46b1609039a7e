/**
 * Runs a guide as its reader would: all its blocks one after the other in one shell, in a fresh folder, on a loopback of its own, so that
 * the ports which it names are free. Whatever it leaves running ends with it.
 */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "../servers/child.ts";
import { makeScratch } from "../servers/place.ts";
import type { Block } from "./guide.ts";
import { foldersOfPrograms } from "./programs.ts";

const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts");
const ROOT = join(import.meta.dirname, "../..");
const TIME_LIMIT_MS = 900_000;
const OUTPUT_LINES = 40;

/** A block that did not do what the guide says, and what was seen of it. */
export interface BlockFailure {
  readonly block: Block;
  readonly seen: string;
}

/**
 * Runs blocks in order. Resolves with the first that failed, or with undefined; `onOutput` is then told what each of them printed. Throws
 * where a program is missing or no loopback of its own can be had.
 */
export async function runBlocks(
  blocks: readonly Block[],
  onOutput: (block: Block, output: string) => void = () => {},
): Promise<BlockFailure | undefined> {
  await using scratch = await makeScratch("guide");
  const at = (name: string) => join(scratch.folder, name);
  const [home, kept, programs] = [at("home"), at("blocks"), at("bin")];
  for (const folder of [home, kept, programs]) await mkdir(folder);
  await writeShim(join(programs, "s3eg"));
  for (const [n, { text }] of blocks.entries()) await writeFile(join(kept, `${n}`), text);
  const script = blocks.map((block, n) => `at ${n}\n${commandOf(block, n)}`).join("\n");
  await writeFile(at("guide.sh"), `${PROLOGUE}${script}\nat done\n`);
  const code = await runShell(at("guide.sh"), {
    HOME: home,
    BLOCKS: kept,
    REPOSITORY: ROOT,
    PATH: [programs, process.env.PATH ?? "", ...foldersOfPrograms(blocks)].join(delimiter),
  });
  const reached = await readFile(join(kept, "at"), "utf8").catch(() => "");
  const outputOf = (n: number) => readFile(join(kept, `${n}.out`), "utf8").catch(() => "");
  const stoppedAt = reached.trim() === "done" ? undefined : blocks[Number(reached)];
  if (reached === "") throw new Error(NO_NAMESPACE);
  for (const [n, block] of blocks.entries()) {
    onOutput(block, await outputOf(n));
    if (block === stoppedAt) {
      const seen = `ended with ${code}\n${lastLines(await outputOf(n))}`;
      return { block, seen };
    }
    if (block.use !== "output") continue;
    const missing = missingLine(block.text, await outputOf(n - 1));
    if (missing !== undefined) {
      const seen = `no "${missing}" in\n${lastLines(await outputOf(n - 1))}`;
      return { block, seen };
    }
  }
  return undefined;
}

const NO_NAMESPACE =
  "guides run in namespaces of their own: `unshare --map-root-user --net --pid` must be possible (apt-get install util-linux iproute2; where AppArmor forbids it: sysctl kernel.apparmor_restrict_unprivileged_userns=0)";

const PROLOGUE = `ip link set lo up
cd "$HOME"
set -eo pipefail
at() { printf '%s' "$1" >"$BLOCKS/at"; }
`;

async function runShell(script: string, env: Readonly<Record<string, string>>) {
  const shell = await startChild({
    program: "unshare",
    args: [
      ...["--map-root-user", "--net", "--pid", "--mount-proc", "--fork", "--kill-child=KILL"],
      ...["bash", script],
    ],
    env,
  });
  const clock = new AbortController();
  const tooLate = sleep(TIME_LIMIT_MS, `nothing within ${TIME_LIMIT_MS / 1000} s`, {
    signal: clock.signal,
  }).catch(() => "");
  const code = await Promise.race([shell.exited, tooLate]);
  clock.abort();
  await shell.stop();
  return code;
}

/** The command line as an operator has it. */
async function writeShim(path: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  await chmod(path, 0o755);
}

/** The shell's lines for a block. Its output is kept, whatever it leaves running in the background included. */
function commandOf({ use, file = "", roles, text }: Block, n: number): string {
  const kept = `"$BLOCKS/${n}"`;
  const to = `>"$BLOCKS/${n}.out" 2>&1`;
  const write = `mkdir -p "$(dirname "${file}")"\ncp ${kept} "${file}"`;
  if (use === "script") return `. ${kept} ${to}`;
  if (use === "config") return `${write}\nCONFIG_PATH="${file}" s3eg check-config ${roles} ${to}`;
  if (use === "file") return write;
  if (use === "policy") {
    // A configuration with a policy that cannot be read would be refused; here it must also be the one that is found.
    const bucket = (
      /^buckets: *\[? *"?(?<name>[^\s",\]]+)/m.exec(text)?.groups?.name ?? "x"
    ).replaceAll("*", "x");
    const explain = `POLICIES="${file}" s3eg policy explain ${bucket} some/key`;
    return `${write}\n${explain} ${to}\ngrep -q '^${bucket}/some/key: policy ' "$BLOCKS/${n}.out"`;
  }
  if (use === "values") {
    const chart = `"$REPOSITORY/helm/s3-encryption-gateway"`;
    return `${write}
helm template s3-encryption-gateway ${chart} --values "${file}" ${to}`;
  }
  return ":";
}

/** The first expected line that is not in the output, in its place; `…` stands for any text of a line. */
function missingLine(expected: string, output: string): string | undefined {
  const lines = output.split("\n");
  let at = 0;
  for (const line of expected.split("\n").filter((each) => each.trim() !== "")) {
    const pattern = line.split("…").map((piece) => escaped(squeezed(piece)));
    const wanted = new RegExp(`^${pattern.join(".*")}$`);
    const found = lines.findIndex((each, n) => n >= at && wanted.test(squeezed(each)));
    if (found < 0) return line;
    at = found + 1;
  }
  return undefined;
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const squeezed = (text: string) => text.replaceAll(/\s+/g, " ").trim();

const lastLines = (text: string) => text.trimEnd().split("\n").slice(-OUTPUT_LINES).join("\n");
