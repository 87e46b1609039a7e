import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkReplicas } from "../../src/bus/jetstream-replicas.ts";

describe("checkReplicas", () => {
  it("says what to do about a stream on too few servers", () => {
    assert.throws(() => checkReplicas({ name: "KV_s3eg-keys", num_replicas: 1 }, 3), {
      message:
        "KV_s3eg-keys lies on 1 of 3 servers (NATS_REPLICAS): nats stream edit KV_s3eg-keys --replicas=3",
    });
  });

  it("takes one on as many, and on more: an operator may have wanted that", () => {
    for (const num_replicas of [3, 5]) checkReplicas({ name: "KV_s3eg-keys", num_replicas }, 3);
  });
});
