/**
 * Round trip of whole objects with @aws-sdk/client-s3, bodies streamed both ways:
 * round-trip.ts --endpoint URL --access-key K --secret-key S [--largest BYTES] [--raw-keys] [--lenient]
 *   [--checksums WHEN_SUPPORTED|WHEN_REQUIRED] [--skip STEP]…
 * Prints a table; ends with status 1 at the first difference and says which. WHEN_REQUIRED is for servers that know no trailers.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";
import {
  type _Object,
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { pattern, patternDigest, patternStream } from "./pattern.ts";

const MIB = 1024 * 1024;
const SIZES = [0, 1, 65535, 65536, 65537, MIB + 3, 5 * MIB, 64 * MIB, 300 * MIB];
const ODD_KEYS = [
  "a b/c d",
  "plus+plus",
  "percent%41%2F%",
  "grüße/日本語/🙂",
  "tilde~'()*!;:@&=$,?#[]",
  "dir/sub/leaf",
];
/** Only servers that treat keys as bytes keep these apart. */
const RAW_KEYS = ["a//b", "a/b", "slash/", "./x", "x", "o/../y"];
const METADATA = { plain: "value", "with-dash": "two words" };

interface Trip {
  readonly s3: S3Client;
  readonly Bucket: string;
  readonly sizes: readonly number[];
  readonly etags: Map<string, string>;
  readonly isLenient: boolean;
  readonly hasRawKeys: boolean;
}

/** One step; the number is the bytes of body it moved. */
type Step = (trip: Trip) => Promise<number>;

const STEPS: Readonly<Record<string, Step>> = {
  put: putAll,
  get: getAll,
  ranges: getRanges,
  conditions: checkConditions,
  copies: copyAll,
  lists: listAll,
  multipart,
  "odd-keys": oddKeys,
  deletes: deleteAll,
};

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      endpoint: { type: "string", default: "" },
      "access-key": { type: "string", default: "" },
      "secret-key": { type: "string", default: "" },
      region: { type: "string", default: "us-east-1" },
      largest: { type: "string", default: String(300 * MIB) },
      checksums: { type: "string", default: "WHEN_SUPPORTED" },
      skip: { type: "string", multiple: true, default: [] },
      "raw-keys": { type: "boolean", default: false },
      lenient: { type: "boolean", default: false },
    },
  });
  const when = values.checksums === "WHEN_REQUIRED" ? "WHEN_REQUIRED" : "WHEN_SUPPORTED";
  const s3 = new S3Client({
    endpoint: values.endpoint,
    region: values.region,
    credentials: { accessKeyId: values["access-key"], secretAccessKey: values["secret-key"] },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
  });
  const trip = {
    s3,
    Bucket: `round-trip-${randomUUID().slice(0, 8)}`,
    sizes: SIZES.filter((size) => size <= Number(values.largest)),
    etags: new Map<string, string>(),
    isLenient: values.lenient,
    hasRawKeys: values["raw-keys"],
  };
  await s3.send(new CreateBucketCommand({ Bucket: trip.Bucket }));
  say(
    `${"step".padEnd(12)}${"ms".padStart(9)}${"MiB/s".padStart(9)}  aws-sdk-js, ${values.endpoint}`,
  );
  for (const [name, step] of Object.entries(STEPS)) {
    if (values.skip.includes(name)) continue;
    try {
      const start = performance.now();
      const moved = await step(trip);
      const ms = performance.now() - start;
      const rate = moved === 0 ? "" : ((moved / MIB / ms) * 1000).toFixed(1);
      say(`${name.padEnd(12)}${ms.toFixed(0).padStart(9)}${rate.padStart(9)}`);
    } catch (error) {
      process.stderr.write(`round-trip.ts: ${name}: ${explain(error)}\n`);
      process.exitCode = 1;
      break;
    }
  }
  s3.destroy();
}

async function putAll({ s3, Bucket, sizes, etags }: Trip): Promise<number> {
  for (const size of sizes) {
    const Key = sizeKey(size);
    const Body = patternStream(size);
    const answer = await s3.send(
      new PutObjectCommand({
        ...{ Bucket, Key, Body, ContentLength: size, Metadata: METADATA },
        ContentType: "application/x-pattern",
      }),
    );
    etags.set(Key, answer.ETag ?? "");
  }
  return sum(sizes);
}

async function getAll(trip: Trip): Promise<number> {
  for (const size of trip.sizes) {
    await checkHead(trip, sizeKey(size), size);
    await checkGet(trip, sizeKey(size), size);
  }
  return sum(trip.sizes);
}

async function checkHead({ s3, Bucket, etags }: Trip, Key: string, size: number): Promise<void> {
  const answer = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  equal(answer.ContentLength, size, `HEAD ${Key}: ContentLength`);
  equal(answer.ETag, etags.get(Key), `HEAD ${Key}: ETag`);
  deepEqual(answer.Metadata, METADATA, `HEAD ${Key}: Metadata`);
  equal(answer.ContentType, "application/x-pattern", `HEAD ${Key}: ContentType`);
}

async function checkGet({ s3, Bucket, etags }: Trip, Key: string, size: number): Promise<void> {
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key }));
  equal(answer.ContentLength, size, `GET ${Key}: ContentLength`);
  equal(answer.ETag, etags.get(Key), `GET ${Key}: ETag`);
  ok(answer.Body instanceof Readable, `GET ${Key}: no body`);
  const sha256 = createHash("sha256");
  for await (const piece of answer.Body) sha256.update(piece as Buffer);
  equal(sha256.digest("hex"), patternDigest(size), `GET ${Key}: SHA-256`);
}

async function getRanges({ s3, Bucket, sizes }: Trip): Promise<number> {
  let moved = 0;
  for (const size of sizes.filter((some) => some > 0)) {
    const Key = sizeKey(size);
    for (const [first, last] of rangesOf(size)) {
      const Range = `bytes=${first}-${last}`;
      const answer = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
      const end = Math.min(last, size - 1);
      equal(
        answer.ContentRange,
        `bytes ${first}-${end}/${size}`,
        `GET ${Key} ${Range}: ContentRange`,
      );
      const got = await bytesOf(answer.Body);
      ok(pattern(first, end - first + 1).equals(got), `GET ${Key} ${Range}: other bytes`);
      moved += got.length;
    }
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=-7" }));
    const start = Math.max(0, size - 7);
    ok(pattern(start, size - start).equals(await bytesOf(answer.Body)), `GET ${Key} bytes=-7`);
  }
  return moved;
}

async function checkConditions({ s3, Bucket, sizes, etags }: Trip): Promise<number> {
  const Key = sizeKey(sizes.at(-1) ?? 0);
  const ETag = etags.get(Key) ?? "";
  const get = (extra: Partial<GetObjectCommandInput>) => () =>
    s3.send(new GetObjectCommand({ Bucket, Key, ...extra }));
  await refused("GET If-None-Match own", 304, get({ IfNoneMatch: ETag }));
  await refused("GET If-Match other", 412, get({ IfMatch: '"0123"' }));
  await refused("GET missing key", 404, get({ Key: "missing" }));
  await refused("PUT If-None-Match *", 412, () =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: "x", IfNoneMatch: "*" })),
  );
  return 0;
}

async function copyAll(trip: Trip): Promise<number> {
  const { s3, Bucket, sizes } = trip;
  for (const size of sizes) {
    const Key = `copies/${size} +ü`;
    const CopySource = `${Bucket}/${sizeKey(size)}`;
    const answer = await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource }));
    await remember(trip, Key, answer.CopyObjectResult?.ETag);
    await checkHead(trip, Key, size);
    await checkGet(trip, Key, size);
  }
  return sum(sizes);
}

async function listAll({ s3, Bucket, sizes, etags }: Trip): Promise<number> {
  const wanted = sizes.map(sizeKey).map((Key, at) => [Key, sizes[at], etags.get(Key)]);
  const Prefix = "sizes/";
  const v1 = await s3.send(new ListObjectsCommand({ Bucket, Prefix }));
  deepEqual((v1.Contents ?? []).map(rowOf), wanted, "list v1");
  const rows: unknown[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page: ListObjectsV2CommandOutput = await s3.send(
      new ListObjectsV2Command({
        ...{ Bucket, Prefix, MaxKeys: 2 },
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      }),
    );
    ok((page.Contents ?? []).length <= 2, "list v2: page larger than asked");
    rows.push(...(page.Contents ?? []).map(rowOf));
    ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  deepEqual(rows, wanted, "list v2, paged");
  return 0;
}

async function multipart(trip: Trip): Promise<number> {
  const where = { Bucket: trip.Bucket, Key: "multipart" };
  const sizes = [5 * MIB, 5 * MIB + 1, 65536];
  const { UploadId } = await trip.s3.send(
    new CreateMultipartUploadCommand({
      ...where,
      Metadata: METADATA,
      ContentType: "application/x-pattern",
    }),
  );
  const Parts: { PartNumber: number; ETag: string }[] = [];
  let at = 0;
  for (const [index, size] of sizes.entries()) {
    const Body = pattern(at, size);
    const PartNumber = index + 1;
    const answer = await trip.s3.send(
      new UploadPartCommand({ ...where, UploadId, PartNumber, Body }),
    );
    Parts.push({ PartNumber, ETag: answer.ETag ?? "" });
    at += size;
  }
  const answer = await trip.s3.send(
    new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }),
  );
  await remember(trip, where.Key, answer.ETag);
  await checkHead(trip, where.Key, at);
  await checkGet(trip, where.Key, at);
  const aborted = { Bucket: trip.Bucket, Key: "aborted" };
  const other = await trip.s3.send(new CreateMultipartUploadCommand(aborted));
  await trip.s3.send(new AbortMultipartUploadCommand({ ...aborted, UploadId: other.UploadId }));
  await refused("HEAD aborted upload", 404, () => trip.s3.send(new HeadObjectCommand(aborted)));
  return at;
}

async function oddKeys({ s3, Bucket, hasRawKeys }: Trip): Promise<number> {
  const keys = [...ODD_KEYS, ...(hasRawKeys ? RAW_KEYS : [])];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  for (const Key of keys) {
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key }));
    equal((await bytesOf(answer.Body)).toString("utf8"), Key, `GET odd key ${Key}`);
  }
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const listed = new Map(Contents.map(({ Key, Size }) => [Key, Size]));
  for (const key of keys) equal(listed.get(key), Buffer.byteLength(key), `list of odd key ${key}`);
  return 0;
}

async function deleteAll({ s3, Bucket }: Trip): Promise<number> {
  const first = { Bucket, Key: sizeKey(0) };
  await s3.send(new DeleteObjectCommand(first));
  await refused("HEAD after delete", 404, () => s3.send(new HeadObjectCommand(first)));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const Objects = Contents.map(({ Key }) => ({ Key }));
  const answer = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  equal(answer.Deleted?.length, Objects.length, "multi-delete: number deleted");
  deepEqual(answer.Errors ?? [], [], "multi-delete: errors");
  await s3.send(new DeleteBucketCommand({ Bucket }));
  return 0;
}

function rowOf({ Key, Size, ETag }: _Object): unknown[] {
  return [Key, Size, ETag];
}

/** Notes the ETag of an answer; a bare radosgw's may lack the quotation marks or all of it: then what HEAD says. */
async function remember(trip: Trip, Key: string, etag: string | undefined): Promise<void> {
  if (trip.isLenient && etag?.startsWith('"') !== true) {
    const { ETag } = await trip.s3.send(new HeadObjectCommand({ Bucket: trip.Bucket, Key }));
    trip.etags.set(Key, ETag ?? "");
  } else {
    trip.etags.set(Key, etag ?? "");
  }
}

async function refused(what: string, status: number, call: () => Promise<unknown>): Promise<void> {
  const caught = await call().then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(caught instanceof S3ServiceException)) throw new Error(`${what}: was not refused`);
  equal(caught.$metadata.httpStatusCode, status, `${what}: status`);
}

async function bytesOf(body: unknown): Promise<Buffer> {
  ok(body instanceof Readable, "no body");
  return Buffer.concat(await body.toArray());
}

function rangesOf(size: number): [number, number][] {
  const edges = [0, 1, 65535, 65536, 131072, size - 65537, size - 1];
  const inside = [...new Set(edges)].filter((at) => at >= 0 && at < size).sort((a, b) => a - b);
  const single = inside.map((at): [number, number] => [at, at]);
  const spans = inside.map((at): [number, number] => [at, at + 70_000]);
  return [...single, ...spans];
}

function sizeKey(size: number): string {
  return `sizes/${String(size).padStart(12, "0")}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, some) => total + some, 0);
}

function explain(error: unknown): string {
  if (error instanceof S3ServiceException) {
    return `${error.name}: ${error.message} (${error.$metadata.httpStatusCode})`;
  }
  return error instanceof Error ? error.message : String(error);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
