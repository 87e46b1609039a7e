/**
 * A gateway in one process is killed outright while many clients write. Whatever it acknowledged is in the audit trail, the chain
 * holds over the restart, and what is done to the trail afterwards is found.
 */
import { equal, match, ok, rejects } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import { makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const Bucket = "audited";
const CLIENTS = 16;
const ROUNDS = 3;
/** Acknowledged writes after which the gateway is killed. */
const KILL_AFTER = 300;

/** A write that the client was told had succeeded. */
interface Acknowledged {
  readonly requestId: string;
  readonly operation: string;
  readonly key: string;
}

interface Event {
  readonly event_id: string;
  readonly operation: string;
  readonly key?: string;
  readonly success: boolean;
}

describe("the audit trail of a gateway that is killed", () => {
  const servers = new AsyncDisposableStack();
  let backend: S3Server;
  let folder: string;
  let env: Record<string, string>;
  const acknowledged: Acknowledged[] = [];

  before(async () => {
    folder = servers.use(await makeScratch("audit-kill")).folder;
    backend = servers.use(await startVersitygw());
    env = {
      DATA_DIR: join(folder, "state"),
      SELF_CONTAINED_AES_KEYS: `1=base64:${randomBytes(32).toString("base64")}`,
      AUDIT_ENABLED: "true",
      AUDIT_SINK_TYPE: "file",
      AUDIT_SINK_FILE_PATH: join(folder, "events"),
      // Small, so that kills meet rotations too.
      AUDIT_SINK_FILE_MAX_BYTES: "40000",
    };
  });
  after(() => servers.disposeAsync());

  it(`has the event of every acknowledged write, ${ROUNDS} kills later`, async (t) => {
    for (let round = 0; round < ROUNDS; round++) {
      await using gateway = await startGateway({ backend, env });
      const earlier = acknowledged.length;
      await writeUntilKilled(gateway, round, acknowledged);
      t.diagnostic(`round ${round}: ${acknowledged.length - earlier} writes acknowledged`);
    }
    const events = new Map((await readEvents(folder)).map((event) => [event.event_id, event]));
    ok(acknowledged.length >= ROUNDS * KILL_AFTER);
    const missing = acknowledged.filter(({ requestId, operation, key }) => {
      const event = events.get(requestId);
      return event?.success !== true || event.operation !== operation || event.key !== key;
    });
    equal(missing.length, 0, JSON.stringify(missing.slice(0, 3)));
  });

  it("verifies after a restart, and every event is there once", async (t) => {
    await using gateway = await startGateway({ backend, env });
    const said = await gateway.runCommand(["audit", "verify"]);
    t.diagnostic(said.trim());
    match(said, /^the trail verifies: \d+ lines in \d+ files/);
    const ids = (await readEvents(folder)).map(({ event_id }) => event_id);
    equal(new Set(ids).size, ids.length);
  });

  it("does not verify when a line or a file is gone, a line was edited, or the end was cut off", async () => {
    await using gateway = await startGateway({ backend, env });
    const verify = () => gateway.runCommand(["audit", "verify"]);
    const [current = "", , middle = ""] = (await filesOf(folder)).sort();
    for (const [file, change] of [
      [middle, (lines: string[]) => lines.toSpliced(3, 1)],
      [middle, (lines: string[]) => lines.with(3, (lines[3] ?? "").replace("true", "false"))],
      [current, (lines: string[]) => lines.slice(0, -3)],
    ] as const) {
      const whole = await readFile(file, "utf8");
      await writeFile(
        file,
        change(whole.split("\n").slice(0, -1))
          .map((line) => `${line}\n`)
          .join(""),
      );
      await rejects(verify(), /does NOT verify/);
      await writeFile(file, whole);
      match(await verify(), /^the trail verifies/);
    }
    for (const file of [middle, current]) {
      const whole = await readFile(file);
      await rm(file);
      await rejects(verify(), /does NOT verify/);
      await writeFile(file, whole);
    }
    match(await verify(), /^the trail verifies/);
  });
});

/** Puts and deletes from many clients at once; kills the gateway when enough were acknowledged, and ends when all have met its end. */
async function writeUntilKilled(
  gateway: OneProcessGateway,
  round: number,
  acknowledged: Acknowledged[],
): Promise<void> {
  const s3 = new S3Client({
    endpoint: gateway.endpoint,
    region: gateway.region,
    forcePathStyle: true,
    // A request that is sent again would have another id, and its first answer nobody saw.
    maxAttempts: 1,
    credentials: { accessKeyId: gateway.accessKey, secretAccessKey: gateway.secretKey },
  });
  if (round === 0) await s3.send(new CreateBucketCommand({ Bucket }));
  const enough = acknowledged.length + KILL_AFTER;
  let isKilled = false;
  const keep = (requestId: string | undefined, operation: string, key: string) => {
    acknowledged.push({ requestId: requestId ?? "", operation, key });
    if (isKilled || acknowledged.length < enough) return;
    isKilled = true;
    for (const pid of gateway.pids) process.kill(pid, "SIGKILL");
  };
  const client = async (name: number) => {
    for (let n = 0; ; n++) {
      const Key = `${round}/${name}/${n}`;
      try {
        const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
        keep(put.$metadata.requestId, "PutObject", Key);
        if (n % 4 !== 0) continue;
        const gone = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
        keep(gone.$metadata.requestId, "DeleteObject", Key);
      } catch (error) {
        if (isKilled) return;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  s3.destroy();
}

async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.startsWith("events")).map((name) => join(folder, name));
}

/** The last line may be half a line: the process died while it wrote it. */
async function readEvents(folder: string): Promise<Event[]> {
  const texts = await Promise.all((await filesOf(folder)).map((file) => readFile(file, "utf8")));
  return texts.flatMap((text) =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Event),
  );
}
