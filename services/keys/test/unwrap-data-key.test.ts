import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { unwrapDataKeyAnswerer } from "../src/unwrap-data-key.ts";
import { CountingCustodian } from "./counting-custodian.ts";
import { is, issuedHeader, place } from "./issued-header.ts";

describe("unwrapDataKey", () => {
  for (const suite of [1, 2] as const) {
    for (const flags of [0, 1, 2, 5, 7]) {
      it(`gives back the data key of suite ${suite}, flags ${flags}`, async () => {
        const custodian = new CountingCustodian();
        const { header, dataKey } = await issuedHeader(custodian, { suite, flags });
        const answer = await unwrapDataKeyAnswerer(custodian)({ header, place });
        assert.deepEqual(answer, { dataKey });
      });
    }
  }

  it("opens under every configured version", async () => {
    const headers = await Promise.all(
      [1, 2, 3].map((version) => issuedHeader(new CountingCustodian([1, 2, 3], version))),
    );
    const unwrap = unwrapDataKeyAnswerer(new CountingCustodian([3, 1, 2]));
    for (const { header, dataKey } of headers) {
      assert.deepEqual(await unwrap({ header, place }), { dataKey });
    }
  });

  it("refuses a malformed header before a custodian is called", async () => {
    const custodian = new CountingCustodian();
    const { header } = await issuedHeader(custodian);
    custodian.calls = 0;
    const unwrap = unwrapDataKeyAnswerer(custodian);
    for (const malformed of ["", "AA", `${header}AA`, header.slice(0, -4), `${header}=`]) {
      await assert.rejects(unwrap({ header: malformed, place }), is("crypto.integrity"));
    }
    assert.equal(custodian.calls, 0);
  });

  it("refuses a header whose fields were changed and whose MAC was not", async () => {
    const custodian = new CountingCustodian();
    const { header } = await issuedHeader(custodian);
    const old = decodeHeader(header);
    for (const change of [{ plaintextSize: 1235 }, { createdAtMs: 1 }]) {
      const edited = encodeHeader({ ...old, ...change }, () => old.mac);
      const unwrapped = unwrapDataKeyAnswerer(custodian)({ header: edited, place });
      await assert.rejects(unwrapped, is("crypto.integrity"));
    }
  });
});
