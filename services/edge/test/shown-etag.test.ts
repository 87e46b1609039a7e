import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { shownEtag } from "../src/shown-etag.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";

const STORED = `"${"a".repeat(32)}"`;
const MD5 = hash("md5", "meow");
const RULE = { ...STANDARD, id: "p", etag: "md5", buckets: ["photos"] } as const;
const CAT = "/photos/cat";

async function edgeWithCat() {
  const edge = await runningEdge({ rules: [RULE] });
  const put = await edge.send({ method: "PUT", path: CAT, body: "meow" });
  assert.equal(put.headers.etag, `"${MD5}"`);
  return edge;
}

describe("shownEtag", () => {
  const facts = { size: 4, isSealed: true, etag: MD5 };

  it("is the plaintext's MD5 where the policy says so and it is known, else the opaque form", () => {
    assert.equal(shownEtag({ etag: "md5" }, STORED, facts), `"${MD5}"`);
    assert.equal(shownEtag({ etag: "opaque" }, STORED, facts), `"${"a".repeat(32)}-0"`);
    assert.equal(shownEtag({ etag: "md5" }, STORED, undefined), `"${"a".repeat(32)}-0"`);
    const without = { size: 4, isSealed: true };
    assert.equal(shownEtag({ etag: "md5" }, STORED, without), `"${"a".repeat(32)}-0"`);
  });
});

describe("policy etag: md5", () => {
  it("shows one ETag in PUT, HEAD, GET, LIST and a copy", async () => {
    await using edge = await edgeWithCat();
    for (const method of ["HEAD", "GET"]) {
      assert.equal((await edge.send({ method, path: CAT })).headers.etag, `"${MD5}"`);
    }
    const list = (await edge.send({ method: "GET", path: "/photos" })).xml();
    assert.equal(list.child("Contents")?.textOf("ETag"), `"${MD5}"`);
    assert.equal(list.child("Contents")?.textOf("Size"), "4");
    const headers = { "x-amz-copy-source": "photos/cat" };
    const copy = await edge.send({ method: "PUT", path: "/photos/dog", body: "", headers });
    assert.equal(copy.xml().textOf("ETag"), `"${MD5}"`);
  });

  for (const [name, tag, status] of [
    ["if-match", `"${MD5}"`, 200],
    ["if-match", `"${"b".repeat(32)}"`, 412],
    ["if-none-match", `"${MD5}"`, 304],
    ["if-none-match", `"${"b".repeat(32)}"`, 200],
  ] as const) {
    it(`has the backend judge ${name} by the tag it knows: ${status}`, async () => {
      await using edge = await edgeWithCat();
      for (const method of ["HEAD", "GET"]) {
        const answer = await edge.send({ method, path: CAT, headers: { [name]: tag } });
        assert.equal(answer.status, status, method);
        if (status === 304) assert.equal(answer.headers.etag, `"${MD5}"`);
      }
    });
  }

  it("gives the checksum to who asks for it of the whole object", async () => {
    await using edge = await runningEdge();
    const sha1 = hash("sha1", "meow", "base64");
    const headers = { "x-amz-checksum-sha1": sha1 };
    await edge.send({ method: "PUT", path: CAT, body: "meow", headers });
    const mode = { "x-amz-checksum-mode": "ENABLED" };
    const whole = await edge.send({ method: "GET", path: CAT, headers: mode });
    assert.equal(whole.headers["x-amz-checksum-sha1"], sha1);
    assert.equal(whole.headers["x-amz-checksum-type"], "FULL_OBJECT");
    for (const other of [{}, { ...mode, range: "bytes=0-1" }]) {
      const answer = await edge.send({ method: "GET", path: CAT, headers: other });
      assert.equal(answer.headers["x-amz-checksum-sha1"], undefined);
    }
  });
});
