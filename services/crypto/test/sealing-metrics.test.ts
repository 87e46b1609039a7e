import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import { type Body, bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import { sealingMetrics } from "../src/sealing-metrics.ts";

const context = { requestId: "r", signal: new AbortController().signal };
const empty = bodyOfBytes(Buffer.alloc(0));

function counting() {
  const metrics = createMetrics();
  const lines = async () => (await metrics.text()).split("\n");
  return { lines, sealing: sealingMetrics(metrics) };
}

describe("the metrics of sealing", () => {
  it("count objects that are sealed, and none that is stored as it is", async () => {
    const { lines, sealing } = counting();
    const answerer = sealing.sealedObject<{ size: number; isSealed?: boolean }, null, string>(
      async () => "stored",
    );
    for (const head of [{ size: 70 }, { size: 5, isSealed: false }]) {
      assert.equal(await answerer({ head, body: empty, tail: () => null }, context), "stored");
    }
    const seen = await lines();
    assert.ok(seen.includes('encryption_operations_total{operation="encrypt"} 1'));
    assert.ok(seen.includes('encryption_bytes_total{operation="encrypt"} 70'));
    assert.ok(seen.includes('encryption_duration_seconds_count{operation="encrypt"} 1'));
    assert.ok(seen.includes("gateway_encrypted_object_bytes_sum 70"));
  });

  it("count an opening when its last byte is out, and a failure on the way by its code", async () => {
    const { lines, sealing } = counting();
    const bad: Body = {
      pump: () => Promise.reject(new Fault("crypto.integrity", "no")),
      destroy: () => undefined,
    };
    const bodies = [bodyOfBytes(Buffer.from("abc")), bad];
    const answerer = sealing.opened(async (body: Body) => {
      return { result: { isSealed: true }, body, sizeBytes: 3 };
    });
    const [good, broken] = await Promise.all(bodies.map((body) => answerer(body, context)));
    assert.ok(!(await lines()).some((line) => line.startsWith("encryption_operations_total{")));
    await good?.body.pump(() => undefined);
    await assert.rejects(async () => broken?.body.pump(() => undefined));
    const seen = await lines();
    assert.ok(seen.includes('encryption_operations_total{operation="decrypt"} 1'));
    assert.ok(seen.includes('encryption_bytes_total{operation="decrypt"} 3'));
    const error = 'encryption_errors_total{operation="decrypt",error_type="crypto.integrity"} 1';
    assert.ok(seen.includes(error));
  });

  it("count nothing of what is read as it is", async () => {
    const { lines, sealing } = counting();
    const answerer = sealing.opened(async (body: Body) => {
      return { result: { isSealed: false }, body, sizeBytes: 0 };
    });
    const answer = await answerer(empty, context);
    await answer.body.pump(() => undefined);
    assert.ok(!(await lines()).some((line) => /^encryption_\w+\{/.test(line)));
  });
});
