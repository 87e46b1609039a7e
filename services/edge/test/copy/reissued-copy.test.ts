import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { copyOutcome } from "../../src/copy/reissued-copy.ts";
import { answer, refusal } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

describe("the outcome of a copy", () => {
  it("is the document that was to come", async () => {
    const done = answer(200, {}, "  <CopyPartResult><ETag>e</ETag></CopyPartResult>");
    assert.equal((await copyOutcome(done, "CopyPartResult")).textOf("ETag"), "e");
  });

  it("may be an error after a 200, and is one after anything else", async () => {
    const late = answer(200, {}, "<Error><Code>InvalidPart</Code><Message>m</Message></Error>");
    for (const [refused, status] of [
      [late, 500],
      [refusal(403, "InvalidPart"), 403],
    ] as const) {
      await assert.rejects(copyOutcome(refused, "CopyObjectResult"), (error) => {
        assert.ok(isFault(error, "backend.refused"));
        assert.deepEqual([error.details.s3Code, error.details.status], ["InvalidPart", status]);
        return true;
      });
    }
  });
});

describe("a copy with a re-issued header", () => {
  it("replaces the metadata, and passes the client's directive for tags on", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    for (const directive of ["COPY", "REPLACE"]) {
      await edge.send({
        method: "PUT",
        path: "/photos/dog",
        headers: { "x-amz-copy-source": "photos/cat", "x-amz-tagging-directive": directive },
      });
      const { headers = {} } = edge.backend.last("PUT").request;
      assert.equal(headers["x-amz-metadata-directive"], "REPLACE");
      assert.equal(headers["x-amz-tagging-directive"], directive);
    }
  });
});
