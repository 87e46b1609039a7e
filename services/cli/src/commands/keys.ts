/** `s3eg keys`: the versions of the KEK, and what each may be used for. It runs where keys runs: with its settings and its DATA_DIR. */
import { parseArgs } from "node:util";
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import type { KeyRef } from "../../../keys/src/custody/custodian.ts";
import {
  changeableVersion,
  changeVersion,
  type Rotation,
  versionNumbered,
} from "../../../keys/src/rotation/configured-rotation.ts";
import { type Env, readToolConfig } from "../gateway-config.ts";
import { adviceOn } from "../retirement.ts";
import { rewrapReports } from "../rewrap-reports.ts";
import { openKeyVersions } from "../wiring/key-versions.ts";

const USAGE =
  "usage: s3eg keys list | check | rotate VERSION | retire [--force] VERSION | restore VERSION";

const ACTIONS = { rotate: "rotated", retire: "retired", restore: "restored" } as const;

/** Text for the terminal. A running gateway heeds a change from its next data key on. */
export async function keys(args: readonly string[], env: Env): Promise<string> {
  const wish = wishOf(args);
  const { config } = readToolConfig("keys", env);
  const log = createLog({ service: "cli", level: "error" });
  await using rotation = await openKeyVersions({ config, env, log });
  await rotation.custodian.start(writesAfter(wish, rotation));
  if (!("version" in wish)) {
    if (wish.verb === "list") return listOf(rotation);
    await rotation.custodian.check();
    return `${listOf(rotation)}the key store can wrap and unwrap\n`;
  }
  const { verb, version, isForced } = wish;
  const note = verb === "retire" && !isForced ? noteOn(rotation, version, config.data_dir) : "";
  await changeVersion(rotation, ACTIONS[verb], version);
  return listOf(rotation) + note;
}

/** A rotation is to a version that works, and may be away from one that works no more: what is tried is the one that is to write. */
function writesAfter(wish: Wish, rotation: Rotation): (() => KeyRef) | undefined {
  if (wish.verb !== "rotate") return undefined;
  return () => changeableVersion(rotation, "rotated", wish.version).key;
}

type Wish =
  | { readonly verb: "list" | "check" }
  | { readonly verb: keyof typeof ACTIONS; readonly version: number; readonly isForced: boolean };

function wishOf(args: readonly string[]): Wish {
  const { positionals, isForced } = parsed(args);
  const [verb = "", version, ...more] = positionals;
  const isChange = verb === "rotate" || verb === "retire" || verb === "restore";
  if (more.length === 0 && isChange && version !== undefined && /^\d{1,10}$/.test(version)) {
    if (!isForced || verb === "retire") return { verb, version: Number(version), isForced };
  }
  if ((verb === "list" || verb === "check") && version === undefined && !isForced) {
    return { verb };
  }
  throw new Fault("input.invalid", USAGE);
}

function parsed(args: readonly string[]): { positionals: string[]; isForced: boolean } {
  try {
    const options = { force: { type: "boolean" } } as const;
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options,
    });
    return { positionals, isForced: values.force ?? false };
  } catch (cause) {
    throw new Fault("input.invalid", USAGE, { cause });
  }
}

/** What re-wraps say of a version that is to be retired; `input.invalid` where it had better not be. */
function noteOn({ custodian, states }: Rotation, version: number, dataDir: string): string {
  const { key } = versionNumbered(custodian, version);
  const reports = rewrapReports(dataDir);
  const advice = adviceOn({ key, decisions: states.since(0), reports });
  if ("note" in advice) return `${advice.note}\n`;
  throw new Fault("input.invalid", `${advice.reason}\n--force retires it all the same`);
}

function listOf({ custodian, states }: Rotation): string {
  const rows = custodian.states().map(({ key, state }) => {
    const { provider, keyId, keyVersion } = key;
    const value = custodian.checkValue(key) ?? "-";
    return [state, provider, String(keyVersion), value, keyId];
  });
  const table = [["state", "provider", "version", "check value", "key id"], ...rows];
  const widths = [10, 14, 9, 18];
  const lines = table.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(""));
  const underWay = states.current()?.rotation;
  if (underWay?.phase === "draining") {
    lines.push(`rotation ${underWay.id} to version ${underWay.target.keyVersion} is under way`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
