import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import type { ActiveCustodian } from "../src/custody/custodian.ts";
import { rotatedReads } from "../src/rotated-reads.ts";

describe("the count of rotated reads", () => {
  it("has what an older version of the active key opened, and nothing of other keys", async () => {
    const metrics = createMetrics();
    const activeKey = { provider: "aes", keyId: "aes", keyVersion: 3 } as const;
    const opened = rotatedReads({ activeKey } as unknown as ActiveCustodian, metrics);
    opened(activeKey);
    opened({ ...activeKey, keyVersion: 1 });
    opened({ ...activeKey, keyVersion: 1 });
    opened({ provider: "rsa", keyId: "rsa", keyVersion: 1 });
    const lines = (await metrics.text()).split("\n");
    assert.deepEqual(
      lines.filter((line) => line.startsWith("kms_rotated_reads_total")),
      ['kms_rotated_reads_total{key_version="1",active_version="3"} 2'],
    );
  });
});
