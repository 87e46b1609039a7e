import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { describeParts, ObjectPart } from "@s3eg/shared/contracts/crypto.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { z } from "zod";
import { answerOf } from "../memory-backend.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { MIN_PART, RunningUploads } from "./running-uploads.ts";

const BIG = Buffer.alloc(MIN_PART + 1, 7);
const SMALL = Buffer.from("small");
const TARGET = { bucket: "b", key: "k" };

async function uploaded(): Promise<RunningUploads> {
  const uploads = new RunningUploads();
  const { uploadId } = await uploads.create();
  const named = [await uploads.part(uploadId, 2, BIG), await uploads.part(uploadId, 7, SMALL)];
  await uploads.complete(uploadId, named);
  uploads.backend.requests.length = 0;
  return uploads;
}

async function parts(uploads: RunningUploads, etag: string, target: object = TARGET) {
  const head = { target: { ...TARGET, ...target }, place: TARGET, etag, headers: { "x-a": "b" } };
  const { transfers } = uploads.crypto;
  const { result, body } = await transfers.download(describeParts, head, { requestId: "r" });
  const pieces: Uint8Array[] = [];
  await body.pump((piece) => void pieces.push(Buffer.from(piece)));
  return { result, list: z.array(ObjectPart).parse(JSON.parse(Buffer.concat(pieces).toString())) };
}

describe("describe-parts", () => {
  it("tells numbers and sizes, and the facts of the whole, out of the manifest alone", async () => {
    await using uploads = await uploaded();
    const { result, list } = await parts(uploads, uploads.stored().etag, { versionId: "v" });
    assert.deepEqual(list, [
      { partNumber: 2, size: BIG.length },
      { partNumber: 7, size: SMALL.length },
    ]);
    const md5s = Buffer.concat([hash("md5", BIG, "buffer"), hash("md5", SMALL, "buffer")]);
    const { size, etag } = result.facts;
    assert.deepEqual([size, etag], [BIG.length + SMALL.length, `${hash("md5", md5s)}-2`]);
    const [seen, read, ...others] = uploads.backend.requests;
    assert.deepEqual([seen?.method, read?.method, others.length], ["HEAD", "GET", 0]);
    assert.deepEqual(seen?.query, [["versionId", "v"]]);
    assert.equal(seen?.headers?.["x-a"], "b");
    const [, from = ""] = /^bytes=(\d+)-$/.exec(read?.headers?.range ?? "") ?? [];
    assert.ok(uploads.stored().bytes.byteLength - Number(from) < 1000);
  });

  it("speaks of no other object than the one that was seen", async () => {
    await using uploads = await uploaded();
    await assert.rejects(parts(uploads, '"other-2"'), faultOf("backend.changed"));
    const { etag } = uploads.stored();
    uploads.backend.intercept = (answer) => answerOf(200, { ...answer.headers, etag: '"other-2"' });
    await assert.rejects(parts(uploads, etag), faultOf("backend.changed"));
    uploads.backend.intercept = () => answerOf(404);
    await assert.rejects(parts(uploads, etag), faultOf("backend.changed"));
    uploads.backend.intercept = () => answerOf(503);
    await assert.rejects(parts(uploads, etag), faultOf("backend.throttled"));
  });

  it("believes neither a header nor a kind of object that is another", async () => {
    await using uploads = await uploaded();
    const { etag } = uploads.stored();
    uploads.backend.intercept = (answer) => ({
      ...answer,
      headers: { ...answer.headers, [HEADER_FIELD]: "AA" },
    });
    await assert.rejects(parts(uploads, etag), faultOf("crypto.integrity"));
    uploads.backend.intercept = (answer) => answer;
    await uploads.crypto.seal("k", SMALL);
    const single = uploads.stored().etag;
    await assert.rejects(parts(uploads, single), faultOf("crypto.integrity"));
  });
});
