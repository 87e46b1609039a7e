import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromWireFault } from "@s3eg/shared/faults.ts";
import { unwrapDataKeyAnswerer } from "../src/unwrap-data-key.ts";
import { unwrapDataKeysAnswerer } from "../src/unwrap-data-keys.ts";
import { CountingCustodian } from "./counting-custodian.ts";
import { issuedHeader, place } from "./issued-header.ts";

describe("unwrapDataKeys", () => {
  it("answers each header in its place: with its data key, or with what is wrong with it", async () => {
    const custodian = new CountingCustodian();
    const [one, other] = [await issuedHeader(custodian), await issuedHeader(custodian)];
    const elsewhere = { bucket: "b", key: "elsewhere" };
    const { answers } = await unwrapDataKeysAnswerer(unwrapDataKeyAnswerer(custodian))({
      objects: [
        { header: one.header, place },
        { header: one.header, place: elsewhere },
        { header: other.header, place },
      ],
    });
    const [first, moved, last] = answers;
    assert.deepEqual([first, last], [{ dataKey: one.dataKey }, { dataKey: other.dataKey }]);
    assert.ok(moved && "fault" in moved);
    assert.equal(fromWireFault(moved.fault).code, "crypto.integrity");
  });

  it("hides no bug behind an answer", async () => {
    const unwrap = unwrapDataKeysAnswerer(() => Promise.reject(new TypeError("a bug")));
    await assert.rejects(unwrap({ objects: [{ header: "h", place }] }), TypeError);
  });
});
