/** `s3eg audit verify`: whether the audit trail is as it was written, and whole (docs/audit.md). */
import { join } from "node:path";
import type { Link } from "../../../audit/src/chain/chain.ts";
import { verifyConfigured } from "../../../audit/src/chain/configured-trail.ts";
import type { TrailReport } from "../../../audit/src/chain/verify-trail.ts";
import { type Env, readToolConfig } from "../gateway-config.ts";
import { EXIT, ToolFailure, toolArguments, wholeNumberOf } from "../tool-arguments.ts";

const USAGE = "usage: s3eg audit verify [--from LINE] [--expect LINE:MAC] [FILE …]";
/** Of a trail without any line that verifies there is one for each line. */
const MAX_SHOWN = 50;

/** Text for the terminal where nothing was found; else a failure (exit code 1) that says what. Nothing is changed. */
export async function auditVerify(args: readonly string[], env: Env): Promise<string> {
  const [verb, ...rest] = args;
  if (verb !== "verify") throw new ToolFailure(EXIT.usage, USAGE);
  const given = toolArguments(rest, env, { named: ["from", "expect"], usage: USAGE });
  const { config } = readToolConfig("audit", given.env);
  const trail = { config: config.audit, folder: join(config.data_dir, "audit") };
  const report = await verifyConfigured(trail, given.operands, {
    noted: notedOf(given.options.expect),
    from: wholeNumberOf(given.options.from, 1) ?? 1,
  });
  if (report.findings.length > 0) throw new ToolFailure(EXIT.failed, failureOf(report));
  return given.isJson
    ? `${JSON.stringify(report)}\n`
    : `the trail verifies: ${summaryOf(report)}\n`;
}

function notedOf(text: string | undefined): Link[] {
  if (text === undefined) return [];
  const [, seq, mac = ""] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined) throw new ToolFailure(EXIT.usage, USAGE);
  return [{ seq: Number(seq), mac }];
}

function failureOf(report: TrailReport): string {
  const said = report.findings.map(({ kind, says }) => `${kind.padEnd(10)}${says}`);
  const more = said.length - MAX_SHOWN;
  const shown = [...said.slice(0, MAX_SHOWN), ...(more > 0 ? [`… and ${more} more`] : [])];
  return `${shown.join("\n")}\nthe trail does NOT verify: ${summaryOf(report)}`;
}

/** The last line in the form that `--expect` takes: to be noted down elsewhere. */
function summaryOf({ lines, files, last }: TrailReport): string {
  return `${lines} lines in ${files.length} files, last ${last.seq}:${last.mac}`;
}
