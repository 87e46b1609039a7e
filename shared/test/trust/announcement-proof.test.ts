import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../src/runtime/secret.ts";
import { AnnouncementProof } from "../../src/trust/announcement-proof.ts";

const SECRET = new Secret<Uint8Array>(Buffer.alloc(32, 5));
const FACT = { id: "p", checks: { kms: "ok" }, work: [{ role: "edge", requests: 3 }] };

describe("AnnouncementProof", () => {
  it("knows what was announced under its secret, whatever order its members came in", () => {
    const proven = new AnnouncementProof(SECRET, "process").prove(FACT);
    const { mac, announcedAtMs, work, checks, id } = proven;
    const reordered = { work, mac, checks, id, announcedAtMs };
    assert.ok(new AnnouncementProof(SECRET, "process").isGenuine(reordered));
  });

  it("refuses another secret, another purpose, a change anywhere, and one that is old", () => {
    let now = 1_000_000;
    const proof = new AnnouncementProof(SECRET, "process", () => now);
    const proven = proof.prove(FACT);
    const other = new Secret<Uint8Array>(Buffer.alloc(32, 6));
    assert.ok(!proof.isGenuine(new AnnouncementProof(other, "process", () => now).prove(FACT)));
    assert.ok(!proof.isGenuine(new AnnouncementProof(SECRET, "worker", () => now).prove(FACT)));
    assert.ok(!proof.isGenuine({ ...proven, work: [{ role: "edge", requests: 4 }] } as never));
    assert.ok(!proof.isGenuine({ ...proven, mac: "" }));
    assert.ok(proof.isGenuine(proven));
    now += 30_001;
    assert.ok(!proof.isGenuine(proven));
  });
});
