import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ExchangedIdentities } from "../../src/backend/exchanged-identities.ts";
import { Secret } from "../../src/runtime/secret.ts";

const identity = (accessKey: string, secret = "s") => ({
  accessKey,
  secretKey: new Secret(secret),
});

describe("ExchangedIdentities", () => {
  it("finds those of now, and for an hour who has just gone", () => {
    let now = 0;
    const identities = new ExchangedIdentities([identity("A"), identity("B", "old")], () => now);
    identities.exchange([identity("B", "new"), identity("C")]);
    const found = () => ["A", "B", "C"].map((name) => identities.find(name)?.secretKey.reveal());
    assert.deepEqual(found(), ["s", "new", "s"]);
    now = 1_800_000;
    identities.exchange([identity("C")]);
    now = 3_600_000;
    assert.deepEqual(found(), [undefined, "new", "s"]);
    identities.exchange([identity("A")]);
    assert.deepEqual(found(), ["s", "new", "s"]);
  });
});
