import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KeyWish } from "@s3eg/shared/contracts/keys.ts";
import { bindingOf, packPayload } from "@s3eg/shared/sealing/envelope.ts";
import { deriveObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import type { KeyRef } from "../src/custody/custodian.ts";
import { issueDataKeyAnswerer } from "../src/issue-data-key.ts";
import { CountingCustodian } from "./counting-custodian.ts";
import { is, place } from "./issued-header.ts";

describe("issueDataKey", () => {
  it("issues a key that nobody had before, committed to and wrapped under the active version", async () => {
    const custodian = new CountingCustodian([1, 2, 3], 2);
    const issue = issueDataKeyAnswerer(custodian);
    const issued = await issue({ place, suite: 2, flags: 1 });
    assert.deepEqual([issued.provider, issued.keyVersion], ["aes", 2]);
    const { dataKey, objectId, wrappedKey } = issued;
    const { commitment } = deriveObjectKeys(dataKey, { objectId, suite: 2, flags: 1 });
    assert.deepEqual(commitment, issued.commitment);
    const key = custodian.activeKey;
    const binding = bindingOf({ ...key, flags: 1, objectId, commitment, place });
    assert.equal(wrappedKey.byteLength, 125);
    const payload = await custodian.unwrap(wrappedKey, { key, binding });
    assert.deepEqual(Buffer.from(payload), packPayload(dataKey, binding));
    const again = await issue({ place, suite: 2, flags: 1 });
    assert.notDeepEqual(again.dataKey, issued.dataKey);
    assert.notDeepEqual(again.objectId, issued.objectId);
  });

  it("wraps for a policy under the key it wishes for once that is proven, and under no other", async () => {
    const proven: KeyRef[] = [];
    const custodian = new (class extends CountingCustodian {
      keyFor({ keyId }: KeyWish): KeyRef | undefined {
        return this.readableKeys.find(() => keyId === "tenant");
      }
    })();
    const issue = issueDataKeyAnswerer(custodian, async (key) => {
      await Promise.resolve();
      proven.push(key);
    });
    const wish = { place, suite: 1, flags: 0 } as const;
    const issued = await issue({ ...wish, keyWish: { provider: "aes", keyId: "tenant" } });
    assert.equal(issued.keyVersion, 1);
    assert.deepEqual(proven, [custodian.readableKeys[0]]);
    const calls = custodian.calls;
    const refused = issue({ ...wish, keyWish: { provider: "aes", keyId: "nobody" } });
    await assert.rejects(refused, is("keys.unknown-key"));
    assert.equal(custodian.calls, calls);
  });

  it("refuses flags that no header may have, before a custodian is called", async () => {
    const custodian = new CountingCustodian();
    const issued = issueDataKeyAnswerer(custodian)({ place, suite: 1, flags: 4 });
    await assert.rejects(issued, is("input.invalid"));
    assert.equal(custodian.calls, 0);
  });
});
