import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { underIfRange } from "../src/if-range.ts";
import type { S3Request } from "../src/s3-request.ts";

const RANGE = { range: "bytes=0-1" };
const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
const FAILED = new Fault("backend.refused", "412", { details: { status: 412 } });

/** The headers of every read, of which the first `failing` fail. */
async function reads(headers: Record<string, string>, failing = 0, fault = FAILED) {
  const seen: object[] = [];
  const request = { headers } as unknown as S3Request;
  await underIfRange(request, async (asked) => {
    await Promise.resolve();
    seen.push(asked.headers);
    if (seen.length <= failing) throw fault;
    return undefined;
  });
  return seen;
}

describe("underIfRange", () => {
  it("leaves a request without If-Range alone", async () => {
    assert.deepEqual(await reads(RANGE), [RANGE]);
  });

  it("asks for the range on condition, and for the whole when that fails", async () => {
    assert.deepEqual(await reads({ ...RANGE, "if-range": '"e"' }), [
      { ...RANGE, "if-match": '"e"' },
    ]);
    const dated = { ...RANGE, "if-unmodified-since": DATE };
    assert.deepEqual(await reads({ ...RANGE, "if-range": DATE }, 1), [dated, {}]);
  });

  it("asks for the whole at once where the condition could not be told from another, or never holds", async () => {
    assert.deepEqual(await reads({ ...RANGE, "if-range": 'W/"e"' }), [{}]);
    const both = { ...RANGE, "if-range": '"e"', "if-match": '"f"' };
    assert.deepEqual(await reads(both), [{ "if-match": '"f"' }]);
    assert.deepEqual(await reads({ "if-range": '"e"' }), [{}]);
  });

  it("passes every other failure on", async () => {
    const fault = new Fault("backend.unavailable", "down");
    await assert.rejects(reads({ ...RANGE, "if-range": '"e"' }, 1, fault), fault);
  });
});
