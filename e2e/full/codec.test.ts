/** The package for reading offline: packed, installed into an empty folder, and handed what a gateway left on a real backend. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import { runToEnd } from "../servers/child.ts";
import { makeScratch } from "../servers/place.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const PACK = join(import.meta.dirname, "../../codec/pack.ts");
const Bucket = "offline";
const PART = 5 * 1024 * 1024;
const kek = randomBytes(32);

/** What somebody writes who has the files and the key. Prints a line for each object. */
const PROGRAM = `
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { openObject, storedFile, unwrapByAes } from "s3eg-codec";
const [folder, kek] = process.argv.slice(2);
const unwrap = unwrapByAes(new Map([[1, Buffer.from(kek, "base64")]]));
console.log(JSON.stringify(Object.keys(networkInterfaces())));
for (const { bucket, key, headers, file } of JSON.parse(readFileSync(folder + "/objects.json", "utf8"))) {
  try {
    const object = { bucket, key, headers, stored: await storedFile(folder + "/" + file) };
    const { body, size, headers: opened } = await openObject(object, unwrap);
    const digest = createHash("sha256");
    await body.pump((piece) => void digest.update(piece));
    console.log(JSON.stringify({ size, sha256: digest.digest("hex"), note: opened["x-amz-meta-note"] }));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code }));
  }
}
`;

describe("the package for reading offline", () => {
  const things = new AsyncDisposableStack();
  const contents = {
    small: randomBytes(70_000),
    none: Buffer.alloc(0),
    parts: randomBytes(PART + 999),
  };
  let folder: string;
  let stored: { key: string; headers: Record<string, string>; bytes: Buffer }[];

  before(async () => {
    folder = things.use(await makeScratch("codec")).folder;
    const backend = things.use(await startVersitygw());
    const env = {
      SELF_CONTAINED_AES_KEYS: `1=base64:${kek.toString("base64")}`,
      METADATA_POLICY: "sealed",
    };
    const gateway = things.use(await startGateway({ backend, env }));
    const [front, behind] = [s3ClientOf(gateway), s3ClientOf(backend)];
    things.defer(() => {
      front.destroy();
      behind.destroy();
    });
    await front.send(new CreateBucketCommand({ Bucket }));
    for (const Key of ["small", "none"] as const) {
      const what = { Bucket, Key, Body: contents[Key], Metadata: { note: Key } };
      await front.send(new PutObjectCommand(what));
    }
    await putInParts(front, "parts", contents.parts);
    stored = [];
    for (const key of Object.keys(contents)) stored.push(await lyingAt(behind, key));
    await runToEnd({ program: process.execPath, args: [PACK, "--out", folder] });
  });
  after(() => things.disposeAsync());

  it("is installed into an empty folder, with nothing beside it", async () => {
    const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    const empty = join(folder, "empty");
    await mkdir(empty);
    await writeFile(join(empty, "package.json"), '{ "type": "module" }');
    const args = ["install", "--silent", "--offline", "--no-audit", join(folder, tarball)];
    await runToEnd({ program: "npm", args, cwd: empty, inheritsEnv: true });
    const installed = await readdir(join(empty, "node_modules"));
    assert.deepEqual(
      installed.filter((name) => !name.startsWith(".")),
      ["s3eg-codec"],
    );
    await writeFile(join(empty, "read.js"), PROGRAM);
  });

  it("opens whole objects and those of parts where there is no network, and none that was changed", async () => {
    const [first] = stored;
    assert.ok(first);
    const changed = Buffer.from(first.bytes);
    changed[40_000] = (changed[40_000] ?? 0) ^ 1;
    const cases = [
      ...stored,
      { ...first, bytes: changed },
      { ...first, bytes: first.bytes.subarray(0, -1) },
      { ...first, key: "elsewhere" },
    ];
    const objects = cases.map(({ key, headers }, n) => ({
      bucket: Bucket,
      key,
      headers,
      file: `${n}`,
    }));
    await writeFile(join(folder, "objects.json"), JSON.stringify(objects));
    for (const [n, { bytes }] of cases.entries()) await writeFile(join(folder, `${n}`), bytes);
    // A network namespace of its own has a loopback that is down, and nothing else.
    const args = [
      "-r",
      "-n",
      process.execPath,
      join(folder, "empty/read.js"),
      folder,
      kek.toString("base64"),
    ];
    const { stdout } = await promisify(execFile)("unshare", args);
    const expected = (key: keyof typeof contents, note?: string) => ({
      ...{ size: contents[key].length, sha256: hash("sha256", contents[key]) },
      ...(note ? { note } : {}),
    });
    const refused = { code: "crypto.integrity" };
    assert.deepEqual(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
      [
        ...[[], expected("small", "small"), expected("none", "none"), expected("parts")],
        ...[refused, refused, refused],
      ],
    );
  });

  it("says the types of what it exports", async () => {
    const types = join(folder, "empty/node_modules/s3eg-codec/codec/src/open-object.d.ts");
    assert.match(await readFile(types, "utf8"), /export declare function openObject/);
  });
});

async function putInParts(s3: S3Client, Key: string, content: Buffer): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [n, Body] of [content.subarray(0, PART), content.subarray(PART)].entries()) {
    const part = { Bucket, Key, UploadId, PartNumber: n + 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body }));
    Parts.push({ PartNumber: n + 1, ETag });
  }
  const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts } };
  await s3.send(new CompleteMultipartUploadCommand(whole));
}

async function lyingAt(s3: S3Client, key: string) {
  const {
    Body,
    ETag = "",
    Metadata = {},
  } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
  const metadata = Object.entries(Metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
  return {
    key,
    headers: { ...Object.fromEntries(metadata), etag: ETag } as Record<string, string>,
    bytes,
  };
}
