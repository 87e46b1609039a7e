/**
 * What the backend might do to a sealed object: every change makes a GET fail, whole or ranged, and no byte that was delivered
 * before it failed is a wrong one (docs/format.md §1, §8).
 */
import { equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { CreateBucketCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { type Bucket, getObject, metadataOf, putObject } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import { backendNames, startBackend } from "../servers/backends.ts";

const BUCKET = "tampering";
const CHUNK = 65_536;
const STORED_CHUNK = CHUNK + 16;
/** Four whole chunks and one of 1234 bytes. */
const PLAINTEXT = randomBytes(4 * CHUNK + 1234);
const STORED_BYTES = PLAINTEXT.byteLength + 5 * 16 + 128;
const TRAILER_AT = STORED_BYTES - 128;

/** What lies on the backend under one key. */
interface Stored {
  readonly body: Buffer;
  readonly metadata: Record<string, string>;
}

/** A change, and the chunks whose plaintext no GET may deliver any more. */
interface Change {
  make(stored: Stored): Stored;
  readonly spoils: readonly number[];
}

const ALL = [0, 1, 2, 3, 4];
const LAST = [4];

/** Ranges, and the chunks that each of them needs. */
const RANGES = [
  { range: "bytes=0-0", start: 0, end: 1, needs: [0] },
  { range: "bytes=1000-70000", start: 1000, end: 70_001, needs: [0, 1] },
  { range: `bytes=${2 * CHUNK}-${3 * CHUNK - 1}`, start: 2 * CHUNK, end: 3 * CHUNK, needs: [2] },
  { range: `bytes=${3 * CHUNK + 5}-`, start: 3 * CHUNK + 5, end: PLAINTEXT.length, needs: [3, 4] },
  { range: "bytes=-10", start: PLAINTEXT.length - 10, end: PLAINTEXT.length, needs: [4] },
];

const bodyChange = (spoils: readonly number[], change: (body: Buffer) => Buffer): Change => ({
  spoils,
  make: ({ body, metadata }) => ({ body: change(Buffer.from(body)), metadata }),
});
const flipped = (at: number, spoils: readonly number[]): Change =>
  bodyChange(spoils, (body) => {
    body[at] = (body[at] ?? 0) ^ 1;
    return body;
  });
const chunkOf = (body: Buffer, n: number) =>
  body.subarray(n * STORED_CHUNK, (n + 1) * STORED_CHUNK);
const reordered = (spoils: readonly number[], order: readonly number[]): Change =>
  bodyChange(spoils, (body) =>
    Buffer.concat([...order.map((n) => chunkOf(body, n)), body.subarray(4 * STORED_CHUNK)]),
  );

const BODY_CHANGES: Readonly<Record<string, Change>> = {
  "a bit flipped in the first byte": flipped(0, [0]),
  "a bit flipped within a chunk": flipped(2 * STORED_CHUNK + 777, [2]),
  "a bit flipped in the tag of a chunk": flipped(2 * STORED_CHUNK - 1, [1]),
  "a bit flipped in the last chunk": flipped(4 * STORED_CHUNK + 9, LAST),
  "a bit flipped in the tag of the last chunk": flipped(TRAILER_AT - 1, LAST),
  "a bit flipped in the first byte of the trailer": flipped(TRAILER_AT, []),
  "a bit flipped within the trailer": flipped(TRAILER_AT + 60, []),
  "a bit flipped in the last byte": flipped(STORED_BYTES - 1, []),
  "one byte cut off": bodyChange([], (body) => body.subarray(0, -1)),
  "the trailer cut off": bodyChange([], (body) => body.subarray(0, -128)),
  "the last chunk cut out": bodyChange(LAST, (body) =>
    Buffer.concat([body.subarray(0, 4 * STORED_CHUNK), body.subarray(TRAILER_AT)]),
  ),
  "all but the first chunk cut off": bodyChange([1, 2, 3, 4], (body) => chunkOf(body, 0)),
  "nothing left": bodyChange(ALL, () => Buffer.alloc(0)),
  "one byte more": bodyChange([], (body) => Buffer.concat([body, Buffer.alloc(1)])),
  "a chunk more at the end": bodyChange([], (body) => Buffer.concat([body, chunkOf(body, 3)])),
  "a byte put in front": bodyChange(ALL, (body) => Buffer.concat([Buffer.alloc(1), body])),
  "two chunks swapped": reordered([1, 2], [0, 2, 1, 3]),
  "the first chunk twice, the second lost": reordered([1], [0, 0, 2, 3]),
  "a chunk lost": reordered([1, 2, 3, 4], [0, 2, 3]),
  "a chunk twice": reordered([2, 3, 4], [0, 1, 1, 2, 3]),
};

/** Fields of the header (docs/format.md §4) by the offset of one of their bytes. */
const HEADER_FIELDS: Readonly<Record<string, number>> = {
  version: 0,
  suite: 1,
  flags: 2,
  "object id": 20,
  commitment: 40,
  "plaintext size": 74,
  "creation time": 82,
  "provider's length": 84,
  provider: 86,
  "key id": 91,
  "key version": 96,
  "wrapped key's length": 98,
  "wrapped key's salt": 105,
  "wrapped key's IV": 135,
  "wrapped key": 150,
  "wrapped key's tag": 222,
  "MAC's first byte": -32,
  "MAC's last byte": -1,
};

for (const name of backendNames) {
  describe(`objects changed on ${name}`, () => {
    const servers = new AsyncDisposableStack();
    let front: Bucket;
    let behind: Bucket;
    let original: Stored;

    before(async () => {
      const backend = servers.use(await startBackend(name));
      const gateway = servers.use(await startGateway({ backend }));
      const [near, far] = [s3ClientOf(gateway), s3ClientOf(backend)];
      servers.defer(() => near.destroy());
      servers.defer(() => far.destroy());
      front = { s3: near, bucket: BUCKET };
      behind = { s3: far, bucket: BUCKET };
      await near.send(new CreateBucketCommand({ Bucket: BUCKET }));
      await putObject(front, "object", { body: PLAINTEXT });
      original = await fetchStored("object");
      equal(original.body.byteLength, STORED_BYTES);
    });
    after(() => servers.disposeAsync());

    async function fetchStored(key: string): Promise<Stored> {
      return { body: await getObject(behind, key), metadata: await metadataOf(behind, key) };
    }

    /** Puts what is given behind the gateway's back and asks for it in every way. */
    async function refuses(
      stored: Stored,
      spoils: readonly number[],
      key = "object",
    ): Promise<void> {
      await putObject(behind, key, stored);
      const whole = await delivered(front, key);
      ok(whole.hasFailed, "the whole object was delivered");
      const bytes = whole.bytes;
      ok(PLAINTEXT.subarray(0, bytes.length).equals(bytes), "wrong bytes before it failed");
      for (const { range, start, end, needs } of RANGES) {
        const part = await delivered(front, key, range);
        const right = PLAINTEXT.subarray(start, end);
        ok(right.subarray(0, part.bytes.length).equals(part.bytes), `${range}: wrong bytes`);
        const isSpoilt = needs.some((chunk) => spoils.includes(chunk));
        ok(part.hasFailed || !isSpoilt, `${range}: delivered`);
        ok(part.hasFailed || part.bytes.length === right.length, `${range}: ended early`);
      }
    }

    it("(unchanged, they are delivered: the matrix means something)", async () => {
      await putObject(behind, "object", original);
      const whole = await delivered(front, "object");
      ok(!whole.hasFailed && whole.bytes.equals(PLAINTEXT));
      for (const { range, start, end } of RANGES) {
        const part = await delivered(front, "object", range);
        ok(!part.hasFailed && part.bytes.equals(PLAINTEXT.subarray(start, end)), range);
      }
    });

    for (const [what, { make, spoils }] of Object.entries(BODY_CHANGES)) {
      it(`fail with ${what}`, async () => {
        await refuses(make(original), spoils);
      });
    }

    for (const [field, offset] of Object.entries(HEADER_FIELDS)) {
      it(`fail with a bit flipped in the header's ${field}`, async () => {
        const header = Buffer.from(original.metadata.s3eg ?? "", "base64url");
        const at = offset < 0 ? header.length + offset : offset;
        header[at] = (header[at] ?? 0) ^ 1;
        const metadata = { ...original.metadata, s3eg: header.toString("base64url") };
        await refuses({ body: original.body, metadata }, ALL);
      });
    }

    it("fail without their header, as if they were plain", async () => {
      await refuses({ body: original.body, metadata: {} }, ALL);
      await refuses({ body: PLAINTEXT, metadata: {} }, ALL);
    });

    it("fail with headers swapped between two keys", async () => {
      await putObject(front, "other", { body: randomBytes(PLAINTEXT.length) });
      const other = await fetchStored("other");
      await refuses({ body: original.body, metadata: other.metadata }, ALL);
      await refuses({ body: other.body, metadata: original.metadata }, ALL);
      await refuses({ body: original.body, metadata: other.metadata }, ALL, "other");
    });

    it("fail with chunks of another object in their place", async () => {
      await putObject(front, "other", { body: PLAINTEXT });
      const other = await fetchStored("other");
      const mixed = Buffer.from(original.body);
      chunkOf(other.body, 2).copy(mixed, 2 * STORED_CHUNK);
      await refuses({ body: mixed, metadata: original.metadata }, [2]);
    });

    it("fail when they were moved to another key, header and all", async () => {
      await refuses(original, ALL, "moved");
    });
  });
}

/** What a GET delivers before it ends or breaks off. */
async function delivered(
  { s3, bucket }: Bucket,
  key: string,
  range?: string,
): Promise<{ bytes: Buffer; hasFailed: boolean }> {
  const pieces: Buffer[] = [];
  try {
    const where = { Bucket: bucket, Key: key, ...(range === undefined ? {} : { Range: range }) };
    const { Body } = await s3.send(new GetObjectCommand(where));
    for await (const piece of Body as AsyncIterable<Buffer>) pieces.push(piece);
    return { bytes: Buffer.concat(pieces), hasFailed: false };
  } catch {
    return { bytes: Buffer.concat(pieces), hasFailed: true };
  }
}
