import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPERATIONS } from "../src/inbox.ts";
import { refuseWrite } from "../src/read-only.ts";

describe("refuseWrite", () => {
  it("lets through what reads, and refuses everything else with what clients try again", () => {
    for (const operation of OPERATIONS) {
      const reads = /^(?:Get|Head|List)/.test(operation.name);
      if (reads) refuseWrite(operation);
      else {
        assert.throws(() => refuseWrite(operation), {
          code: "ServiceUnavailable",
          status: 503,
          headers: { "retry-after": "5" },
        });
      }
    }
  });
});
