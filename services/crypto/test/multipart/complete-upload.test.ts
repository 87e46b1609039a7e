import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { multipartStoredSizeOf } from "@s3eg/shared/format/sizes.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import { answerOf } from "../memory-backend.ts";
import { faultOf } from "../multipart-state/state-contract.ts";
import { MIN_PART, RunningUploads, refusedAs } from "./running-uploads.ts";
import { xmlAnswer } from "./uploads-backend.ts";

const SMALL = Buffer.from("a small part");
const BIG = Buffer.alloc(MIN_PART + 1, 7);

const NINE = Buffer.from("123456789");

describe("complete-upload", () => {
  for (const [what, bodies, asked, partCount] of [
    ["behind a small last part", [BIG, SMALL], ["PUT 1", "PUT 2", "POST"], 2],
    ["as one more part behind a large one", [BIG, BIG], ["PUT 1", "PUT 2", "PUT 3", "POST"], 3],
    ["with the one small part", [SMALL], ["PUT 1", "POST"], 1],
  ] as const) {
    it(`stores the manifest ${what}`, async () => {
      await using uploads = new RunningUploads();
      const { uploadId } = await uploads.create();
      const named = [];
      for (const [index, body] of bodies.entries()) {
        named.push(await uploads.part(uploadId, index + 1, body));
      }
      const result = await uploads.complete(uploadId, named);
      assert.deepEqual(uploads.backend.asked(), ["POST", ...asked]);
      const { bytes, etag } = uploads.stored();
      const whole = Buffer.concat(bodies);
      assert.equal(bytes.byteLength, multipartStoredSizeOf(whole.byteLength, partCount));
      assert.equal(result.etag, etag);
      const md5s = Buffer.concat(bodies.map((body) => hash("md5", body, "buffer")));
      assert.equal(result.plainEtag, `${hash("md5", md5s)}-${bodies.length}`);
      assert.ok((await uploads.crypto.open("k")).bytes.equals(whole));
    });
  }

  it("answers alike when it is asked again, and asks nobody", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, SMALL)];
    const first = await uploads.complete(uploadId, named);
    const asked = uploads.backend.requests.length;
    assert.deepEqual(await uploads.complete(uploadId, named), first);
    assert.equal(uploads.backend.requests.length, asked);
  });

  it("can be tried again after the backend refused, with the same bytes", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, SMALL)];
    uploads.backend.intercept = (answer, { method }) =>
      method === "POST"
        ? xmlAnswer(el("Error", el("Code", "InternalError"), el("Message", "again")))
        : answer;
    const kept = uploads.backend.uploads.get(uploadId);
    await assert.rejects(uploads.complete(uploadId, named), refusedAs("InternalError"));
    const { bytes } = uploads.stored();
    uploads.backend.intercept = (answer) => answer;
    assert.ok(kept);
    uploads.backend.uploads.set(uploadId, kept);
    await uploads.complete(uploadId, named);
    assert.ok(uploads.stored().bytes.equals(bytes));
  });

  for (const [what, bodies] of [
    ["behind a small last part", [BIG, SMALL]],
    ["in a part of its own", [BIG]],
  ] as const) {
    it(`gives the same answer when the state never learned of it, the manifest ${what}`, async () => {
      await using uploads = new RunningUploads();
      const { uploadId } = await uploads.create();
      const named = [];
      for (const [index, body] of bodies.entries()) {
        named.push(await uploads.part(uploadId, index + 1, body));
      }
      const { complete } = uploads.state;
      uploads.state.complete = () =>
        Promise.reject(new Fault("state.unavailable", "killed in between"));
      await assert.rejects(uploads.complete(uploadId, named), faultOf("state.unavailable"));
      const made = uploads.stored();
      uploads.state.complete = complete;
      const result = await uploads.complete(uploadId, named);
      assert.equal(result.etag, made.etag);
      assert.ok(result.plainEtag?.endsWith(`-${bodies.length}`));
      assert.deepEqual(await uploads.complete(uploadId, named), result);
      assert.ok((await uploads.crypto.open("k")).bytes.equals(Buffer.concat(bodies)));
    });
  }

  it("does not take another upload's object, or that of another list, for its own", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, BIG), await uploads.part(uploadId, 2, SMALL)];
    const { complete } = uploads.state;
    uploads.state.complete = () => Promise.reject(new Fault("state.unavailable", "killed"));
    await assert.rejects(uploads.complete(uploadId, named), faultOf("state.unavailable"));
    uploads.state.complete = complete;
    const shorter = uploads.complete(uploadId, named.slice(0, 1));
    await assert.rejects(shorter, refusedAs("NoSuchUpload"));
    const other = await uploads.create();
    const parts = [
      await uploads.part(other.uploadId, 1, BIG),
      await uploads.part(other.uploadId, 2, SMALL),
    ];
    await uploads.complete(other.uploadId, parts);
    await assert.rejects(uploads.complete(uploadId, named), refusedAs("NoSuchUpload"));
  });

  it("lets two at once have one answer, and never mixes two lists", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, BIG), await uploads.part(uploadId, 2, SMALL)];
    const [first, second] = await Promise.all([
      uploads.complete(uploadId, named),
      uploads.complete(uploadId, named),
    ]);
    assert.deepEqual(first, second);
    const again = await uploads.create();
    const both = [
      await uploads.part(again.uploadId, 1, BIG),
      await uploads.part(again.uploadId, 2, BIG),
    ];
    const lists = [both, both.slice(0, 1)];
    const outcomes = await Promise.allSettled(
      lists.map((list) => uploads.complete(again.uploadId, list)),
    );
    const { bytes } = await uploads.crypto.open("k");
    const won = outcomes.findIndex(({ status }) => status === "fulfilled");
    assert.ok(won >= 0);
    const sizes = lists.map((list) => list.length * BIG.byteLength);
    assert.ok(sizes.includes(bytes.byteLength));
  });

  it("does not cost the client a part when the backend refuses it", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, BIG), await uploads.part(uploadId, 2, BIG)];
    const kept = uploads.backend.uploads.get(uploadId);
    assert.ok(kept);
    uploads.backend.intercept = (answer, { method }) => {
      if (method !== "POST") return answer;
      uploads.backend.objects.delete("k");
      return answerOf(412);
    };
    const refused = uploads.complete(uploadId, named.slice(0, 1));
    await assert.rejects(refused, refusedAs("PreconditionFailed"));
    uploads.backend.intercept = (answer) => answer;
    uploads.backend.uploads.set(uploadId, kept);
    await uploads.complete(uploadId, named);
    assert.ok((await uploads.crypto.open("k")).bytes.equals(Buffer.concat([BIG, BIG])));
  });

  it("takes of two attempts at once the one that the backend kept", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const ones = Buffer.alloc(MIN_PART, 1);
    const named = await uploads.part(uploadId, 1, ones);
    const held = uploads.backend.uploads.get(uploadId)?.parts.get(1);
    const late = await uploads.part(uploadId, 1, Buffer.alloc(MIN_PART, 2));
    assert.ok(held);
    // Recorded first, stored last.
    uploads.backend.uploads.get(uploadId)?.parts.set(1, held);
    await assert.rejects(uploads.complete(uploadId, [late]), refusedAs("InvalidPart"));
    await uploads.complete(uploadId, [named]);
    assert.ok((await uploads.crypto.open("k")).bytes.equals(ones));
  });

  it("asks for the ETag where the backend's answer has none", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const named = [await uploads.part(uploadId, 1, SMALL)];
    uploads.backend.intercept = (answer, { method }) =>
      method === "POST" ? xmlAnswer(el("CompleteMultipartUploadResult")) : answer;
    const { etag } = await uploads.complete(uploadId, named);
    assert.equal(etag, uploads.stored().etag);
  });

  it("judges the checksum that is stated of the whole", async () => {
    await using uploads = new RunningUploads();
    const checksum = { algorithm: "crc32", type: "COMPOSITE" } as const;
    const { uploadId } = await uploads.create({ checksum });
    const own = { algorithm: "crc32", type: "FULL_OBJECT", value: "y/Q5Jg==" } as const;
    const named = [
      await uploads.partWith({ uploadId, partNumber: 1, bytes: NINE }, { checksum: own }),
    ];
    const stated = { algorithm: "crc32", value: "y/Q5Jg==-1" } as const;
    await assert.rejects(
      uploads.complete(uploadId, named, { checksum: stated }),
      faultOf("input.bad-digest"),
    );
    const result = await uploads.complete(uploadId, named);
    assert.equal(result.checksum?.type, "COMPOSITE");
    assert.match(result.checksum.value, /^[\w+/]{6}==-1$/);
    assert.equal(result.plainEtag, undefined);
  });

  it("sends the client's conditions to the backend, and stores the upload's own header", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const header = uploads.backend.uploads.get(uploadId)?.headers[HEADER_FIELD];
    const named = [await uploads.part(uploadId, 1, SMALL)];
    await uploads.complete(uploadId, named, { headers: { "if-none-match": "*" } });
    assert.equal(uploads.backend.requests.at(-1)?.headers?.["if-none-match"], "*");
    assert.equal(uploads.stored().headers[HEADER_FIELD], header);
  });

  it("refuses part 10 000 where there is no number left for the manifest", async () => {
    await using uploads = new RunningUploads();
    const { uploadId } = await uploads.create();
    const large = await uploads.part(uploadId, 10_000, BIG);
    await assert.rejects(uploads.complete(uploadId, [large]), refusedAs("InvalidPart"));
    const small = await uploads.part(uploadId, 10_000, SMALL);
    await uploads.complete(uploadId, [small]);
    assert.ok((await uploads.crypto.open("k")).bytes.equals(SMALL));
  });

  it("refuses an unknown upload and lists that are none", async () => {
    await using uploads = new RunningUploads();
    await assert.rejects(uploads.complete("none", []), refusedAs("NoSuchUpload"));
    const { uploadId } = await uploads.create();
    for (const list of ["{}", '[{"partNumber":0,"etag":"e"}]', '[{"partNumber":1}]']) {
      await assert.rejects(uploads.complete(uploadId, list), faultOf("input.malformed-xml"));
    }
  });
});
