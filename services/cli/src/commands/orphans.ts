/** `s3eg orphans`: what is left of uploads in parts that nobody will complete, listed and, where it is asked for, removed (format.md §7). */
import { Fault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { allOrphans, type Orphan } from "../../../crypto/src/multipart/configured-orphans.ts";
import { type Env, readToolConfig } from "../gateway-config.ts";
import { openBackend } from "../wiring/backends.ts";
import { openUploadState } from "../wiring/upload-state.ts";

const USAGE = "usage: s3eg orphans [--remove] [--older-than HOURS] [BUCKET …]";

interface Wish {
  /** All that the backend lists, where none is named. */
  readonly buckets: readonly string[];
  /** Age of an upload that only the backend knows; absent: the life of an upload's state, after which nobody can complete it. */
  readonly olderThanMs?: number;
  readonly removes: boolean;
}

/** Text for the terminal, one orphan a line. Nothing is removed without `--remove`: on the backend, an upload of somebody else looks the same. */
export async function orphans(args: readonly string[], env: Env): Promise<string> {
  const wish = wishOf(args);
  const { config, roles } = readToolConfig("crypto", env);
  const log = createLog({ service: "cli", level: "warn" });
  await using backend = openBackend(config.backend, { identities: [], log });
  const opened = await openUploadState({ config, roles, env, log, metrics: createMetrics() });
  if (!opened) throw new Fault("config.invalid", "uploads in parts are switched off");
  await using state = opened;
  const rooms = { backend, state, now: Date.now };
  const { buckets, olderThanMs = config.multipart_state.valkey.ttl_seconds * 1000 } = wish;
  const lines: string[] = [];
  for await (const orphan of allOrphans(rooms, { buckets, olderThanMs })) {
    lines.push(lineOf(orphan));
    if (wish.removes) await orphan.remove();
  }
  const what = wish.removes ? "removed" : "found; --remove removes them";
  return `${[...lines, `${lines.length} ${what}`].join("\n")}\n`;
}

function wishOf(args: readonly string[]): Wish {
  const buckets: string[] = [];
  let olderThanMs: number | undefined;
  let removes = false;
  const given = args.values();
  for (const arg of given) {
    if (arg === "--remove") removes = true;
    else if (arg === "--older-than") olderThanMs = hoursOf(given.next().value) * 3_600_000;
    else if (arg.startsWith("-")) throw new Fault("input.invalid", USAGE);
    else buckets.push(arg);
  }
  return { buckets, removes, ...(olderThanMs === undefined ? {} : { olderThanMs }) };
}

function hoursOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,6}(?:\.\d{1,3})?$/.test(text)) {
    throw new Fault("input.invalid", USAGE);
  }
  return Number(text);
}

function lineOf({ kind, bucket, key, uploadId, sinceMs }: Orphan): string {
  const since = sinceMs === undefined ? "" : `since ${new Date(sinceMs).toISOString()}`;
  const about = [uploadId ?? "", since].filter((text) => text !== "").join(" ");
  return `${kind.padEnd(10)}${JSON.stringify(`${bucket}/${key}`)} ${about}`;
}
