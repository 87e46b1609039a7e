/** What re-wraps of whole buckets found in the end, kept in DATA_DIR: which key versions objects still need. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { keptPath, readKept, rewrapFolder, writeKept } from "./kept-json.ts";

const Report = z.object({
  bucket: z.string(),
  prefix: z.string(),
  /** What was written before it is known of; what came later is not. */
  startedAt: z.iso.datetime().optional(),
  /** Objects by the key version that they need; see rewrap-progress.ts. */
  needs: z.record(z.string(), z.int().nonnegative()),
  /** Objects by the key version that wrote then, which they are under. */
  settled: z.record(z.string(), z.int().nonnegative()).optional(),
});
/** A run over a bucket, or what begins with `prefix` in it, that came to its end. */
export type RewrapReport = z.infer<typeof Report>;

const SUFFIX = ".report.json";

/** Keeps a report in place of the former one of the same objects. */
export function writeRewrapReport(dataDir: string, report: RewrapReport): void {
  const path = keptPath(dataDir, [report.bucket, report.prefix], SUFFIX);
  writeKept(path, Report.parse(report));
}

/** Every report there is. `input.invalid` for a damaged one. */
export function rewrapReports(dataDir: string): RewrapReport[] {
  const folder = rewrapFolder(dataDir);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  return names.flatMap((name) => readKept(join(folder, name), Report, "remove it") ?? []);
}
