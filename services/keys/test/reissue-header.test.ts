import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { reissueHeaderAnswerer } from "../src/reissue-header.ts";
import { unwrapDataKeyAnswerer } from "../src/unwrap-data-key.ts";
import { CountingCustodian } from "./counting-custodian.ts";
import { is, issuedHeader, place } from "./issued-header.ts";

const to = { bucket: "archive", key: "copy" };

describe("reissueHeader", () => {
  for (const flags of [0, 1, 2, 3, 5, 7]) {
    it(`moves a header with flags ${flags} to another place and to the active key, and keeps the rest`, async () => {
      const { header, dataKey } = await issuedHeader(new CountingCustodian([1]), { flags });
      const custodian = new CountingCustodian([1, 2]);
      const moved = await reissueHeaderAnswerer(custodian)({ header, from: place, to });
      const [before, after] = [decodeHeader(header), decodeHeader(moved.header)];
      assert.equal(after.keyVersion, 2);
      for (const field of [
        "suite",
        "flags",
        "objectId",
        "commitment",
        "plaintextSize",
        "createdAtMs",
      ] as const) {
        assert.deepEqual(after[field], before[field], field);
      }
      const unwrap = unwrapDataKeyAnswerer(custodian);
      assert.deepEqual(await unwrap({ header: moved.header, place: to }), { dataKey });
      await assert.rejects(unwrap({ header: moved.header, place }), is("crypto.integrity"));
      assert.deepEqual(await unwrap({ header, place }), { dataKey });
    });
  }

  it("changes the flag of sealed metadata where that is wished, and the object's keys stay", async () => {
    const custodian = new CountingCustodian([1]);
    const reissue = reissueHeaderAnswerer(custodian);
    for (const [flags, sealsMetadata, changed] of [
      [0, true, 2],
      [5, true, 7],
      [2, true, 2],
      [3, false, 1],
      [0, false, 0],
    ] as const) {
      const { header, dataKey } = await issuedHeader(custodian, { flags });
      const moved = await reissue({ header, from: place, to, sealsMetadata });
      const after = decodeHeader(moved.header);
      assert.equal(after.flags, changed);
      const answer = await unwrapDataKeyAnswerer(custodian)({ header: moved.header, place: to });
      assert.deepEqual(answer, { dataKey });
      assert.deepEqual(after.commitment, decodeHeader(header).commitment);
    }
  });

  it("wraps under what a policy wishes for, and under nothing else", async () => {
    const custodian = new CountingCustodian([1, 2]);
    const { header } = await issuedHeader(custodian);
    const reissue = reissueHeaderAnswerer(custodian);
    const keyWish = { provider: "aes", keyId: "aes" };
    const moved = await reissue({ header, from: place, to, keyWish });
    assert.equal(decodeHeader(moved.header).keyVersion, 2);
    const unknown = reissue({ header, from: place, to, keyWish: { provider: "rsa" } });
    await assert.rejects(unknown, is("keys.unknown-key"));
  });

  it("re-issues nothing that does not lie where the asker says", async () => {
    const custodian = new CountingCustodian();
    const { header } = await issuedHeader(custodian);
    const moved = reissueHeaderAnswerer(custodian)({ header, from: to, to });
    await assert.rejects(moved, is("crypto.integrity"));
  });

  it("re-issues nothing under a key that is not configured", async () => {
    const { header } = await issuedHeader(new CountingCustodian([3]));
    const moved = reissueHeaderAnswerer(new CountingCustodian([1]))({ header, from: place, to });
    await assert.rejects(moved, is("keys.unknown-key"));
  });
});
