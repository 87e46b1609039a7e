/** What re-wraps of whole buckets found in the end, kept in DATA_DIR: which key versions objects still need. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";

const Report = z.object({
  bucket: z.string(),
  prefix: z.string(),
  /** What was written before it is known of; what came later is not. */
  startedAt: z.iso.datetime().optional(),
  /** Objects by the key version that they need; see rewrap-progress.ts. */
  needs: z.record(z.string(), z.int().nonnegative()),
});
/** A run over a bucket, or what begins with `prefix` in it, that came to its end. */
export type RewrapReport = z.infer<typeof Report>;

const SUFFIX = ".report.json";

/** Keeps a report in place of the former one of the same objects. */
export function writeRewrapReport(dataDir: string, report: RewrapReport): void {
  const folder = join(dataDir, "rewrap");
  const of = JSON.stringify([report.bucket, report.prefix]);
  const name = createHash("sha256").update(of).digest("hex").slice(0, 24);
  const path = join(folder, `${name}${SUFFIX}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(Report.parse(report))}\n`;
  writeFileSync(`${path}.draft`, text, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}

/** Every report there is. `input.invalid` for a damaged one. */
export function rewrapReports(dataDir: string): RewrapReport[] {
  const folder = join(dataDir, "rewrap");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  return names.map((name) => {
    try {
      return Report.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
    } catch (cause) {
      throw new Fault("input.invalid", `${join(folder, name)} is damaged: remove it`, { cause });
    }
  });
}
