import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge, STANDARD } from "../running-edge.ts";
import { serveUploads } from "../stand-in-uploads.ts";

const COMPLETE = { method: "POST", path: "/photos/a%20cat?uploadId=u" };

const part = (number: string, etag: string, more = "") =>
  `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`;
const list = (...parts: string[]) =>
  `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;

describe("CompleteMultipartUpload", () => {
  it("hands the parts over and answers with the object's ETag", async () => {
    await using edge = await runningEdge();
    const uploads = serveUploads(edge.transfers);
    const sum = "<ChecksumCRC32>y/Q5Jg==</ChecksumCRC32>";
    const body = list(part("1", "&quot;e1&quot;", sum), part("7", "e7"));
    const answer = await edge.send({ ...COMPLETE, body });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.xml().textOf("ETag"), uploads.completion.etag);
    assert.match(
      answer.xml().textOf("Location") ?? "",
      /^http:\/\/127\.0\.0\.1:\d+\/photos\/a%20cat$/,
    );
    const checksum = { algorithm: "crc32", value: "y/Q5Jg==" };
    assert.deepEqual(uploads.completed[0], {
      head: { target: { bucket: "photos", key: "a cat" }, uploadId: "u", headers: {} },
      parts: [
        { partNumber: 1, etag: '"e1"', checksum },
        { partNumber: 7, etag: "e7" },
      ],
    });
  });

  it("answers with checksum, and with S3's own ETag where the policy says so", async () => {
    const rules = [{ ...STANDARD, id: "md5", buckets: ["photos"], etag: "md5" as const }];
    await using edge = await runningEdge({ rules });
    const uploads = serveUploads(edge.transfers);
    const checksum = { algorithm: "crc32", type: "FULL_OBJECT", value: "y/Q5Jg==" } as const;
    const { etag } = uploads.completion;
    uploads.completion = { etag, headers: { etag }, plainEtag: "c-2", checksum };
    const headers = { "if-none-match": "*", "x-amz-checksum-crc32": "y/Q5Jg==" };
    const answer = await edge.send({ ...COMPLETE, headers, body: list(part("1", "e")) });
    const names = ["ETag", "ChecksumCRC32", "ChecksumType"];
    assert.deepEqual(
      names.map((name) => answer.xml().textOf(name)),
      ['"c-2"', "y/Q5Jg==", "FULL_OBJECT"],
    );
    assert.equal(answer.headers.etag, '"c-2"');
    const { head } = uploads.completed[0] ?? assert.fail();
    assert.deepEqual(head.checksum, { algorithm: "crc32", value: "y/Q5Jg==" });
    assert.equal(head.headers["if-none-match"], "*");
  });

  for (const [what, body, code] of [
    ["no parts", list(), "MalformedXML"],
    ["another document", "<Delete/>", "MalformedXML"],
    ["no XML", "parts", "MalformedXML"],
    ["a number that is none", list(part("one", "e")), "MalformedXML"],
    ["a part without ETag", list("<Part><PartNumber>1</PartNumber></Part>"), "MalformedXML"],
    ["part 0", list(part("0", "e")), "InvalidArgument"],
    ["part 10 001", list(part("10001", "e")), "InvalidArgument"],
  ] as const) {
    it(`refuses ${what} with ${code}`, async () => {
      await using edge = await runningEdge();
      const uploads = serveUploads(edge.transfers);
      const answer = await edge.send({ ...COMPLETE, body });
      assert.deepEqual([answer.status, answer.code], [400, code]);
      assert.deepEqual(uploads.completed, []);
    });
  }
});
