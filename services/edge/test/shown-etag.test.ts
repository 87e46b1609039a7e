import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import type { BackendRequest } from "@s3eg/shared/backend/backend.ts";
import { shownEtag } from "../src/shown-etag.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";

const PATH = "/md5/cat";
const MD5 = `"${hash("md5", "0123456789")}"`;

async function edgeWithCat() {
  const rules = [{ ...STANDARD, id: "m", etag: "md5", buckets: ["md5"] } as const];
  const edge = await runningEdge({ rules });
  await edge.send({ method: "PUT", path: PATH, body: "0123456789" });
  const stored = edge.backend.objects.get("md5/cat");
  assert.ok(stored);
  edge.backend.kept.length = 0;
  const sent = () => edge.backend.kept.map(({ request }) => methodOf(request));
  return { edge, stored, sent, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

function methodOf({ method, headers = {} }: BackendRequest) {
  return [method, headers["if-match"] ?? headers["if-none-match"]];
}

describe("shownEtag", () => {
  const facts = { size: 1, isSealed: true, etag: "0cc1" };
  const tag = `"${"a".repeat(32)}"`;

  it("is the MD5 where policy and object have one, the opaque form otherwise", () => {
    assert.equal(shownEtag({ etag: "md5" }, tag, facts), '"0cc1"');
    assert.equal(shownEtag({ etag: "opaque" }, tag, facts), `"${"a".repeat(32)}-0"`);
    assert.equal(shownEtag({ etag: "md5" }, tag, undefined), `"${"a".repeat(32)}-0"`);
    const old = { size: 1, isSealed: true };
    assert.equal(shownEtag({ etag: "md5" }, tag, old), `"${"a".repeat(32)}-0"`);
  });
});

describe("policy etag: md5", () => {
  it("shows the plaintext's MD5 in PUT, GET, HEAD, LIST and copy, one request each", async () => {
    await using test = await edgeWithCat();
    const { edge, sent } = test;
    const put = await edge.send({ method: "PUT", path: PATH, body: "0123456789" });
    const get = await edge.send({ method: "GET", path: PATH });
    const head = await edge.send({ method: "HEAD", path: PATH });
    const list = await edge.send({ method: "GET", path: "/md5" });
    for (const { headers } of [put, get, head]) assert.equal(headers.etag, MD5);
    assert.equal(list.xml().child("Contents")?.textOf("ETag"), MD5);
    assert.deepEqual(
      sent().map(([method]) => method),
      ["PUT", "GET", "HEAD", "GET"],
    );
    const headers = { "x-amz-copy-source": PATH };
    const copy = await edge.send({ method: "PUT", path: "/md5/dog", headers });
    assert.equal(copy.xml().textOf("ETag"), MD5);
    assert.equal((await edge.send({ method: "HEAD", path: "/md5/dog" })).headers.etag, MD5);
  });

  it("looks up what it has not seen", async () => {
    await using test = await edgeWithCat();
    const { edge, stored } = test;
    edge.backend.put("md5/cow", stored.bytes.subarray(0), stored.headers);
    assert.equal((await edge.send({ method: "HEAD", path: "/md5/cow" })).headers.etag, MD5);
  });

  it("lets the backend judge a condition on the MD5 by the ETag the object has there", async () => {
    await using test = await edgeWithCat();
    const { edge, stored, sent } = test;
    for (const method of ["GET", "PUT", "DELETE"] as const) {
      const body = method === "PUT" ? { body: "0123456789" } : {};
      const answer = await edge.send({ method, path: PATH, headers: { "if-match": MD5 }, ...body });
      assert.ok(answer.status < 300, `${method} ${answer.status}`);
      assert.deepEqual(sent().splice(0), [
        ["HEAD", undefined],
        [method, stored.etag],
      ]);
      edge.backend.kept.length = 0;
    }
  });

  it("gives the backend a tag that nothing has for any other", async () => {
    await using test = await edgeWithCat();
    const { edge, stored } = test;
    for (const tag of [`"${hash("md5", "other")}"`, stored.etag]) {
      const headers = { "if-match": tag };
      const answer = await edge.send({ method: "GET", path: PATH, headers });
      assert.equal(answer.status, 412);
    }
  });

  it("passes * on without a look", async () => {
    await using test = await edgeWithCat();
    const { edge, sent } = test;
    const headers = { "if-none-match": "*" };
    const put = await edge.send({ method: "PUT", path: PATH, headers, body: "x" });
    assert.equal(put.status, 412);
    assert.deepEqual(sent(), [["PUT", "*"]]);
  });

  it("names the MD5 of what did not change", async () => {
    await using test = await edgeWithCat();
    for (const method of ["GET", "HEAD"]) {
      const headers = { "if-none-match": MD5 };
      const answer = await test.edge.send({ method, path: PATH, headers });
      assert.deepEqual([answer.status, answer.headers.etag, answer.text], [304, MD5, ""]);
    }
  });

  it("judges conditions on the source of a copy by the source's policy", async () => {
    await using test = await edgeWithCat();
    const copy = async (tag: string) => {
      const headers = { "x-amz-copy-source": PATH, "x-amz-copy-source-if-match": tag };
      return (await test.edge.send({ method: "PUT", path: "/photos/dog", headers })).status;
    };
    assert.deepEqual([await copy(MD5), await copy(`"${hash("md5", "other")}"`)], [200, 412]);
  });

  it("maps the ETags inside DeleteObjects", async () => {
    await using test = await edgeWithCat();
    const { edge, stored } = test;
    const entry = (key: string, tag: string) =>
      `<Object><Key>${key}</Key><ETag>${tag}</ETag></Object>`;
    const body = `<Delete>${entry("cat", MD5)}${entry("none", MD5)}</Delete>`;
    await edge.send({ method: "POST", path: "/md5?delete", body });
    const sent = edge.backend.last("POST").body.toString();
    assert.ok(sent.includes(`<Key>cat</Key><ETag>${stored.etag.replaceAll('"', "&quot;")}</ETag>`));
    assert.match(sent, /<Key>none<\/Key><ETag>&quot;[0-9a-f]{32}-never&quot;<\/ETag>/);
  });

  it("keeps the opaque form of what is under a customer's key, everywhere", async () => {
    await using test = await edgeWithCat();
    const headers = { "x-amz-server-side-encryption-customer-key": "k" };
    const put = await test.edge.send({ method: "PUT", path: PATH, body: "x", headers });
    assert.match(put.headers.etag ?? "", /^"[0-9a-f]{32}-0"$/);
    const head = await test.edge.send({ method: "HEAD", path: PATH, headers });
    assert.equal(head.headers.etag, put.headers.etag);
  });
});

describe("policy etag: opaque", () => {
  it("costs no look-up, with conditions or without", async () => {
    await using edge = await runningEdge();
    const path = "/photos/cat";
    const { etag = "" } = (await edge.send({ method: "PUT", path, body: "x" })).headers;
    for (const method of ["GET", "HEAD", "PUT"]) {
      const body = method === "PUT" ? { body: "x" } : {};
      await edge.send({ method, path, headers: { "if-match": etag }, ...body });
    }
    await edge.send({ method: "GET", path: "/photos" });
    const methods = edge.backend.kept.map(({ request }) => request.method);
    assert.deepEqual(methods, ["PUT", "GET", "HEAD", "PUT", "GET"]);
  });
});

describe("x-amz-checksum-mode", () => {
  it("gives the checksum of the whole object, and none with a range or unasked", async () => {
    await using edge = await runningEdge();
    const path = "/photos/cat";
    const checksum = { "x-amz-checksum-crc32": "y/Q5Jg==" };
    const put = await edge.send({ method: "PUT", path, body: "123456789", headers: checksum });
    const mode = { "x-amz-checksum-mode": "ENABLED" };
    const told = async (method: string, headers: Record<string, string>) => {
      const { headers: answered } = await edge.send({ method, path, headers });
      return [answered["x-amz-checksum-crc32"], answered["x-amz-checksum-type"]];
    };
    assert.equal(put.headers["x-amz-checksum-type"], "FULL_OBJECT");
    for (const method of ["GET", "HEAD"]) {
      assert.deepEqual(await told(method, mode), ["y/Q5Jg==", "FULL_OBJECT"]);
      assert.deepEqual(await told(method, {}), [undefined, undefined]);
      const ranged = { ...mode, range: "bytes=0-1" };
      assert.deepEqual(await told(method, ranged), [undefined, undefined]);
    }
  });

  it("gives CRC64NVME of every object where the policy says so", async () => {
    const rules = [{ ...STANDARD, id: "a", checksum: "always", buckets: ["sums"] } as const];
    await using edge = await runningEdge({ rules });
    const put = await edge.send({ method: "PUT", path: "/sums/cat", body: "123456789" });
    // The check value of the CRC catalogue.
    const value = Buffer.from("ae8b14860a799888", "hex").toString("base64");
    assert.equal(put.headers["x-amz-checksum-crc64nvme"], value);
    assert.equal(edge.crypto.tails[0]?.checksum?.value, value);
  });
});
