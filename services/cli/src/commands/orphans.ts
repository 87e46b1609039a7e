/** `s3eg orphans`: uploads in parts that nobody will complete, listed and, where it is asked for, removed (format.md §7). */
import { backendFault } from "@s3eg/shared/backend/backend-fault.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import { createLog } from "@s3eg/shared/runtime/log.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { parseXml } from "@s3eg/shared/s3/xml.ts";
import { abortOrphan, orphanUploads } from "../../../crypto/src/multipart/backend-orphans.ts";
import {
  endUpload,
  type GarbageRooms,
  garbageUploads,
} from "../../../crypto/src/multipart/garbage.ts";
import { type Env, readGatewayConfig } from "../gateway-config.ts";
import { openBackend } from "../wiring/backends.ts";
import { openUploadState } from "../wiring/upload-state.ts";

const USAGE = "usage: s3eg orphans [--remove] [--older-than HOURS] [BUCKET …]";

interface Wish {
  /** All that the backend lists, where none is named. */
  readonly buckets: readonly string[];
  /** Age of an upload that only the backend knows; absent: the life of an upload's state, after which nobody can complete it. */
  readonly olderThanMs: number | undefined;
  readonly removes: boolean;
}

/** Text for the terminal, one orphan a line. Nothing is removed without `--remove`: on the backend, an upload of somebody else looks the same. */
export async function orphans(args: readonly string[], env: Env): Promise<string> {
  const wish = wishOf(args);
  const { config, roles } = settingsOf(env);
  const log = createLog({ service: "cli", level: "warn" });
  await using backend = openBackend(config.backend, { identities: [], log });
  const opened = await openUploadState({ config, roles, env, log, metrics: createMetrics() });
  if (!opened) throw new Fault("config.invalid", "uploads in parts are switched off");
  await using state = opened;
  const rooms = { backend, state, now: Date.now };
  const olderThanMs = wish.olderThanMs ?? config.multipart_state.valkey.ttl_seconds * 1000;
  // Without the state every upload on the backend would look like an orphan.
  await reachable(rooms);
  const lines = await stateLines(rooms, wish);
  const buckets = wish.buckets.length > 0 ? wish.buckets : await bucketsOf(rooms);
  for (const bucket of buckets) {
    lines.push(...(await backendLines(rooms, bucket, { ...wish, olderThanMs })));
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
  return { buckets, olderThanMs, removes };
}

function hoursOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,6}(?:\.\d{1,3})?$/.test(text)) {
    throw new Fault("input.invalid", USAGE);
  }
  return Number(text);
}

/** The settings of a worker, or those of a gateway in one process. */
function settingsOf(env: Env): ReturnType<typeof readGatewayConfig> {
  try {
    return readGatewayConfig(["crypto"], env);
  } catch (error) {
    if (!isFault(error, "config.invalid")) throw error;
    return readGatewayConfig(["edge", "crypto", "keys"], env);
  }
}

/** A connection to Valkey has had time to come up, or there is none. */
async function reachable({ state }: GarbageRooms): Promise<void> {
  const attempts = 40;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await state.check();
      return;
    } catch (error) {
      if (attempt === attempts || !isFault(error, "state.unavailable")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function stateLines(rooms: GarbageRooms, { removes }: Wish): Promise<string[]> {
  const lines: string[] = [];
  for await (const { upload } of garbageUploads(rooms, { expiringWithinMs: 0 })) {
    const { bucket, key, uploadId } = upload;
    lines.push(line("state", `${bucket}/${key}`, uploadId));
    if (removes) await endUpload(rooms, upload);
  }
  return lines;
}

async function backendLines(
  rooms: GarbageRooms,
  bucket: string,
  { olderThanMs, removes }: Wish & { olderThanMs: number },
): Promise<string[]> {
  const lines: string[] = [];
  for await (const orphan of orphanUploads(rooms, bucket, { olderThanMs })) {
    const begun = new Date(orphan.initiatedAtMs).toISOString();
    lines.push(line("upload", `${bucket}/${orphan.key}`, `${orphan.uploadId} begun ${begun}`));
    if (removes) await abortOrphan(rooms, orphan);
  }
  return lines;
}

function line(kind: string, place: string, about: string): string {
  return `${kind.padEnd(10)}${JSON.stringify(place)} ${about}`;
}

async function bucketsOf({ backend }: GarbageRooms): Promise<string[]> {
  const response = await backend.send({ method: "GET", requestId: "orphans" });
  if (response.status !== 200) throw await backendFault(response);
  const buckets = parseXml(await response.text()).child("Buckets");
  return (buckets?.all("Bucket") ?? []).map((bucket) => bucket.textOf("Name") ?? "");
}
