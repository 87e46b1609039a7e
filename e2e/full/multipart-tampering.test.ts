/**
 * What versitygw's disk might do to an object that was uploaded in parts: parts and manifest flipped, swapped, dropped, cut, or those
 * of an older upload. A read fails before its first byte, or breaks off; no byte that was delivered is a wrong one.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { get as httpGet } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RawUpload } from "../clients/raw-upload.ts";
import { sendRaw, signRaw } from "../features/raw-request.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const BUCKET = "tampered";
const CHUNK = 65_536;
const SIZES = [6 * 1024 * 1024, 6 * 1024 * 1024, 100_000];
const STORED = SIZES.map((size) => size + 16 * Math.ceil(size / CHUNK));
const PARTS = SIZES.map((size) => randomBytes(size));
const WHOLE = Buffer.concat(PARTS);
const [FIRST = 0, SECOND = 0, THIRD = 0] = STORED;
const REGION_AT = FIRST + SECOND + THIRD;

/** A change of the stored bytes, `older` being those of the upload before, and whether the very first chunk is spoilt. */
const CHANGES: Readonly<
  Record<string, { isFirst: boolean; make(stored: Buffer, older: Buffer): Buffer }>
> = {
  "a bit in part 1": { isFirst: true, make: (stored) => flipped(stored, 5) },
  "a bit in part 2": { isFirst: false, make: (stored) => flipped(stored, FIRST + 5) },
  "a bit in part 3": { isFirst: false, make: (stored) => flipped(stored, FIRST + SECOND + 5) },
  "a bit in the manifest": { isFirst: true, make: (stored) => flipped(stored, REGION_AT + 5) },
  "parts 1 and 2 swapped": {
    isFirst: true,
    make: (stored) =>
      Buffer.concat([
        stored.subarray(FIRST, FIRST + SECOND),
        stored.subarray(0, FIRST),
        stored.subarray(FIRST + SECOND),
      ]),
  },
  "part 2 dropped": {
    isFirst: true,
    make: (stored) => Buffer.concat([stored.subarray(0, FIRST), stored.subarray(FIRST + SECOND)]),
  },
  "cut by a byte": { isFirst: true, make: (stored) => stored.subarray(0, -1) },
  "part 2 of the older upload": {
    isFirst: false,
    make: (stored, older) =>
      Buffer.concat([
        stored.subarray(0, FIRST),
        older.subarray(FIRST, FIRST + SECOND),
        stored.subarray(FIRST + SECOND),
      ]),
  },
  "all of the older upload": { isFirst: true, make: (_, older) => older },
};

function flipped(stored: Buffer, at: number): Buffer {
  const bytes = Buffer.from(stored);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

describe("an object of parts that was tampered with on versitygw", () => {
  const servers = new AsyncDisposableStack();
  let backend: S3Server;
  let gateway: OneProcessGateway;
  let file: string;
  let stored: Buffer;
  let older: Buffer;

  before(async () => {
    backend = servers.use(await startVersitygw());
    gateway = servers.use(await startGateway({ backend, env: { LOG_LEVEL: "error" } }));
    await sendRaw(gateway, { method: "PUT", path: `/${BUCKET}` });
    file = join(backend.folder ?? "", BUCKET, "k");
    older = await upload();
    stored = await upload();
  });
  after(() => servers.disposeAsync());

  async function upload(): Promise<Buffer> {
    const begun = await RawUpload.begin(gateway, `/${BUCKET}/k`);
    const named = [];
    for (const [at, body] of PARTS.entries()) named.push(await begun.part(at + 1, body));
    equal((await begun.complete(named)).status, 200);
    return await readFile(file);
  }

  /** In place: the attributes of the file, with the ETag among them, stay. */
  async function overwrite(bytes: Buffer): Promise<void> {
    const handle = await open(file, "r+");
    await handle.truncate(0);
    await handle.write(bytes, 0, bytes.length, 0);
    await handle.close();
  }

  async function read(): Promise<{ status: number; isWhole: boolean; bytes: Buffer }> {
    const path = `/${BUCKET}/k`;
    const { headers } = signRaw(gateway, { method: "GET", path });
    return await new Promise((resolve, reject) => {
      const request = httpGet(
        `${gateway.endpoint}${path}`,
        { headers, agent: false },
        (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("error", () => undefined);
          response.on("close", () =>
            resolve({
              status: response.statusCode ?? 0,
              isWhole: response.complete,
              bytes: Buffer.concat(pieces),
            }),
          );
        },
      );
      request.on("error", reject);
    });
  }

  it("is read as it was while nobody touched it", async () => {
    const got = await read();
    deepEqual([got.status, got.isWhole], [200, true]);
    ok(got.bytes.equals(WHOLE));
  });

  for (const [what, { isFirst, make }] of Object.entries(CHANGES)) {
    it(`fails: ${what}`, async () => {
      await overwrite(make(stored, older));
      const got = await read();
      if (isFirst) equal(got.status, 500);
      else {
        deepEqual([got.status, got.isWhole], [200, false]);
        ok(got.bytes.length > 0 && got.bytes.length < WHOLE.length);
        ok(got.bytes.equals(WHOLE.subarray(0, got.bytes.length)), "a wrong byte");
      }
      match(gateway.logTails(), /"incident":"mpu\.tamper_detected"/);
    });
  }
});
