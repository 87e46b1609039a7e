/** The programs that blocks of guides call. */
import { dirname } from "node:path";
import { findProgram, type InstallName } from "../servers/place.ts";
import type { Block } from "./guide.ts";

/** Programs beside those of every system, and how `e2e/servers/install.sh` calls them. */
const PROGRAMS: Readonly<Record<string, InstallName>> = {
  versitygw: "versitygw",
  aws: "aws",
  "nats-server": "nats",
  restic: "restic",
  rclone: "rclone",
  "barman-cloud-check-wal-archive": "barman",
  "docker-registry": "registry",
};

/** Folders of the programs that blocks call. Throws an error that names the install command where one is missing. */
export function foldersOfPrograms(blocks: readonly Block[]): string[] {
  const scripts = blocks.flatMap(({ use, text }) => (use === "script" ? [text] : [])).join("");
  const words = new Set(scripts.split(/[^\w-]+/));
  const called = Object.entries(PROGRAMS).filter(([program]) => words.has(program));
  const values: [string, InstallName][] = blocks.some(({ use }) => use === "values")
    ? [["helm", "helm"]]
    : [];
  const found = [...called, ...values].map(([program, name]) => findProgram(program, name));
  return [...new Set(found.map((path) => dirname(path)))];
}
