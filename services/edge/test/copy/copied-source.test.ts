import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  askingOfSource,
  changedSince,
  checkSourceSize,
  namingSource,
} from "../../src/copy/copied-source.ts";
import { answer } from "../memory-backend.ts";
import { runningEdge, STANDARD } from "../running-edge.ts";

const GIB = 1024 ** 3;

describe("the source of a copy", () => {
  it("holds 5 GiB at most", async () => {
    checkSourceSize(5 * GIB);
    assert.throws(() => checkSourceSize(5 * GIB + 1), {
      code: "InvalidRequest",
      status: 400,
      message:
        "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120",
    });
  });

  it("is refused before anything is made where it is not sealed", async () => {
    await using edge = await runningEdge();
    edge.backend.put("photos/plain", Buffer.from("x"));
    const copying = { "x-amz-copy-source": "/photos/plain" };
    const refused = await edge.send({ method: "PUT", path: "/a/b", headers: copying });
    assert.equal(refused.code, "AccessDenied");
    assert.ok(edge.backend.kept.every(({ request }) => request.method === "HEAD"));
  });

  it("is refused by its size before anything is made", async () => {
    const mixed = { ...STANDARD, id: "m", contents: "mixed", buckets: ["photos"] } as const;
    await using edge = await runningEdge({ rules: [mixed] });
    const headers = { etag: `"${"a".repeat(32)}"`, "content-length": String(5 * GIB + 1) };
    edge.backend.intercept = ({ method }) => (method === "HEAD" ? answer(200, headers) : undefined);
    const copying = { "x-amz-copy-source": "/photos/large" };
    const refused = await edge.send({ method: "PUT", path: "/a/b", headers: copying });
    assert.equal(refused.code, "InvalidRequest");
    assert.ok(edge.backend.kept.every(({ request }) => request.method === "HEAD"));
  });

  it("is read under the names that a read has", () => {
    assert.deepEqual(
      askingOfSource({
        "x-amz-source-expected-bucket-owner": "o",
        "x-amz-expected-bucket-owner": "other",
        "x-amz-request-payer": "requester",
        "x-amz-copy-source-server-side-encryption-customer-key": "k",
        "x-amz-server-side-encryption-customer-key": "other",
      }),
      {
        "x-amz-expected-bucket-owner": "o",
        "x-amz-request-payer": "requester",
        "x-amz-server-side-encryption-customer-key": "k",
      },
    );
  });

  it("is named as the client names it, encoded, pinned to what was seen", () => {
    const source = { bucket: "b", key: "a b/é?", versionId: "v+1" };
    for (const slash of ["", "/"]) {
      const named = namingSource({ "x-amz-copy-source": `${slash}b/x` }, source, '"e"');
      assert.deepEqual(named, {
        "x-amz-copy-source": `${slash}b/a%20b/%C3%A9%3F?versionId=v%2B1`,
        "x-amz-copy-source-if-match": '"e"',
      });
    }
  });

  it("has changed where a condition fails that nobody else set", () => {
    const refused = new Fault("backend.refused", "", { details: { status: 412 } });
    const changed = changedSince(refused, {});
    assert.ok(changed instanceof Fault);
    assert.equal(changed.code, "backend.changed");
    for (const name of ["if-match", "x-amz-copy-source-if-none-match"]) {
      assert.equal(changedSince(refused, { [name]: "x" }), refused);
    }
    const other = new Fault("backend.refused", "", { details: { status: 404 } });
    assert.equal(changedSince(other, {}), other);
  });
});
