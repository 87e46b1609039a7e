import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../src/runtime/secret.ts";
import { WorkerProof } from "../../src/trust/worker-proof.ts";

const SECRET = new Secret<Uint8Array>(Buffer.alloc(32, 5));
const STATE = {
  id: "w",
  url: "http://10.0.0.1:8090",
  zone: "a",
  inflight: 1,
  capacity: 8,
  isDraining: false,
};

describe("WorkerProof", () => {
  it("knows its own announcements", () => {
    const proof = new WorkerProof(SECRET);
    assert.ok(proof.isGenuine(new WorkerProof(SECRET).announce(STATE)));
  });

  it("refuses an announcement of another secret", () => {
    const foreign = new WorkerProof(new Secret<Uint8Array>(Buffer.alloc(32, 6))).announce(STATE);
    assert.ok(!new WorkerProof(SECRET).isGenuine(foreign));
  });

  for (const [name, value] of Object.entries({
    id: "x",
    url: "http://evil",
    zone: "b",
    inflight: 0,
    capacity: 9,
    isDraining: true,
    announcedAtMs: 1,
    mac: "",
  })) {
    it(`refuses an announcement whose ${name} was changed`, () => {
      const proof = new WorkerProof(SECRET);
      assert.ok(!proof.isGenuine({ ...proof.announce(STATE), [name]: value }));
    });
  }

  it("refuses an announcement that is replayed later", () => {
    let now = 1_000_000;
    const proof = new WorkerProof(SECRET, () => now);
    const announced = proof.announce(STATE);
    now += 30_001;
    assert.ok(!proof.isGenuine(announced));
  });
});
