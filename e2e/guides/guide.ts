/**
 * A guide: a Markdown document whose fenced code blocks say in their info string whether they are run, as `sh run`, `yaml run as=policy
 * file=policies/a.yaml` or `sh not-run reason="needs a cluster"`.
 */
import { basename } from "node:path";

/** What is done with a block that is run. */
type BlockUse = "script" | "config" | "policy" | "values" | "file" | "output";

/** A fenced block, or a comment `<!-- by hand … -->` with what a reader does otherwise than by typing, such as opening a second terminal. */
export interface Block {
  /** Line of its fence, from 1. */
  readonly line: number;
  readonly text: string;
  /** Absent where it is not run. */
  readonly use?: BlockUse;
  /** True for a comment: it is run, and counts for nothing. */
  readonly isByHand: boolean;
  /** Where its text is written, from the folder of the guide. */
  readonly file?: string;
  /** Roles that a configuration is for; empty: all. */
  readonly roles: string;
}

/** A guide that was read. */
export interface Guide {
  /** From the root of the repository. */
  readonly path: string;
  /** Guide whose blocks are run first, in the same shell, by its file name: `<!-- goes on from try-out.md -->`. */
  readonly goesOnFrom?: string;
  readonly blocks: readonly Block[];
  /** Every block whose info string does not say what it must, as `path:line: why`. */
  readonly problems: readonly string[];
}

/** How many blocks of guides are run and how many are not. */
export interface Counts {
  readonly run: number;
  readonly notRun: number;
}

const FENCE = /^(?<indent> *)```(?<info>.*)$/;
const BY_HAND = /^<!-- by hand$/;
const GOES_ON = /^<!-- goes on from (?<name>[a-z-]+\.md) -->$/m;
const ATTRIBUTE = /(?<name>[a-z]+)=(?:"(?<quoted>[^"]*)"|(?<plain>[^\s"]+))/g;

/** Languages that are run, and what is done with them where nothing else is said. */
const USES: Readonly<Record<string, readonly BlockUse[]>> = {
  sh: ["script"],
  yaml: ["config", "policy", "values", "file"],
  text: ["output"],
  ini: ["file"],
};

/** Reads a guide. Never throws: what is wrong is in `problems`. */
export function parseGuide(path: string, markdown: string): Guide {
  const blocks: Block[] = [];
  const problems: string[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const start = lines[at] ?? "";
    const isByHand = BY_HAND.test(start);
    const fence = FENCE.exec(start)?.groups;
    if (!isByHand && fence === undefined) continue;
    const end = lines.findIndex((line, n) => n > at && line.trim() === (isByHand ? "-->" : "```"));
    if (end < 0) {
      problems.push(`${path}:${at + 1}: never ends`);
      break;
    }
    const body = lines.slice(at + 1, end).map((line) => line.slice(fence?.indent?.length ?? 0));
    const text = `${body.join("\n")}\n`;
    const place = { line: at + 1, text, isByHand };
    const said = isByHand
      ? { use: "script" as const, roles: "" }
      : readInfo(fence?.info?.trim() ?? "");
    if (typeof said === "string") problems.push(`${path}:${at + 1}: ${said}`);
    else blocks.push({ ...place, ...said });
    at = end;
  }
  const goesOnFrom = GOES_ON.exec(markdown)?.groups?.name;
  return { path, blocks, problems, ...(goesOnFrom === undefined ? {} : { goesOnFrom }) };
}

/** Counts the blocks of guides. */
export function countBlocks(guides: readonly Guide[]): Counts {
  const blocks = guides.flatMap((guide) => guide.blocks).filter(({ isByHand }) => !isByHand);
  const run = blocks.filter(({ use }) => use !== undefined).length;
  return { run, notRun: blocks.length - run };
}

/** What a block is called in a report. */
export function blockName({ path }: Guide, { line }: Block): string {
  return `${basename(path)}:${line}`;
}

type Said = Pick<Block, "use" | "file" | "roles">;

function readInfo(info: string): Said | string {
  const [language = "", state = "", ...rest] = info.split(" ");
  const said: Record<string, string> = {};
  for (const { groups = {} } of rest.join(" ").matchAll(ATTRIBUTE)) {
    said[groups.name ?? ""] = groups.quoted ?? groups.plain ?? "";
  }
  if (state === "not-run") {
    const isReasoned = (said.reason ?? "").length > 5;
    return isReasoned ? { roles: "" } : "is not-run and has no reason";
  }
  if (state !== "run") return `says neither run nor not-run: "${info}"`;
  const uses = USES[language];
  const use = uses?.find((each) => each === (said.as ?? uses[0]));
  if (use === undefined) return `no block of language "${language}" is run as "${said.as ?? ""}"`;
  const needsFile = use !== "script" && use !== "output";
  if (needsFile !== (said.file !== undefined))
    return `${use} ${needsFile ? "needs" : "has no"} file`;
  const { file, roles = "" } = said;
  return { use, roles, ...(file === undefined ? {} : { file }) };
}
