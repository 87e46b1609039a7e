import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import type { IssuedDataKey } from "@s3eg/shared/contracts/keys.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { DataKeyCache } from "../src/data-key-cache.ts";
import { dataKeysOf } from "../src/data-keys.ts";
import { KeptLog, StandInKeys } from "./stand-in-keys.ts";

const place = { bucket: "b", key: "k" };

describe("data keys", () => {
  it("come with a header that gives them back, at their place and at no other", async () => {
    const { dataKeys } = new StandInKeys();
    for (const suite of [1, 2] as const) {
      const issued = await dataKeys.issue({ place, suite, flags: 0, size: 5 }, "r");
      const opened = await dataKeys.open({ header: issued.header, place }, "r");
      assert.ok(issued.keys.dataKey.equals(opened.keys.dataKey));
      assert.ok(issued.keys.trailerKey.equals(opened.keys.trailerKey));
      const { plaintextSize, createdAtMs } = opened.header;
      assert.deepEqual(
        [opened.header.suite, plaintextSize, createdAtMs],
        [suite, 5, 1_700_000_000_000],
      );
      const moved = dataKeys.open({ header: issued.header, place: { bucket: "b", key: "l" } }, "r");
      await assert.rejects(moved, { code: "crypto.integrity" });
    }
  });

  it("are new each time", async () => {
    const { dataKeys } = new StandInKeys();
    const object = { place, suite: 1, flags: 0, size: 5 } as const;
    const [a, b] = [await dataKeys.issue(object, "r"), await dataKeys.issue(object, "r")];
    assert.ok(!a.keys.dataKey.equals(b.keys.dataKey));
    assert.notEqual(a.header, b.header);
  });

  it("are refused where the answer does not hold together", async () => {
    const other = randomBytes(32);
    for (const change of [
      { dataKey: other },
      { objectId: other },
      { commitment: other },
      { commitment: Buffer.alloc(0) },
      { provider: "nobody" },
    ] satisfies Partial<IssuedDataKey>[]) {
      const keys = new StandInKeys();
      keys.spoil = (issued) => ({ ...issued, ...change });
      const refused = keys.dataKeys.issue({ place, suite: 1, flags: 0, size: 5 }, "r");
      await assert.rejects(refused, { code: "crypto.integrity" }, JSON.stringify(change));
    }
  });

  it("are under the key that a policy wishes for, or refused", async () => {
    const keys = new StandInKeys();
    const object = { place, suite: 1, flags: 0, size: 5 } as const;
    const wished = async (keyWish: { provider: string; keyId?: string }) => {
      const { header } = await keys.dataKeys.issue({ ...object, keyWish }, "r");
      const { provider, keyId } = decodeHeader(header);
      return [provider, keyId];
    };
    assert.deepEqual(await wished({ provider: "kmip", keyId: "tenant" }), ["kmip", "tenant"]);
    keys.spoil = (issued) => ({ ...issued, provider: "kmip", keyId: "first" });
    assert.deepEqual(await wished({ provider: "kmip" }), ["kmip", "first"]);
    for (const wish of [{ provider: "aes" }, { provider: "kmip", keyId: "tenant" }]) {
      await assert.rejects(wished(wish), { code: "crypto.integrity", message: /wished key/ });
    }
  });

  it("are not asked for with a header that cannot be read", async () => {
    const keys = new StandInKeys();
    for (const header of ["", "Ag", "!!", "AgEA"]) {
      const opened = keys.dataKeys.open({ header, place }, "r");
      await assert.rejects(opened, { code: "crypto.integrity" }, header);
    }
    assert.equal(keys.asked, 0);
  });

  it("of a header that was changed are refused, whatever keys says", async () => {
    const { dataKeys } = new StandInKeys();
    const { header } = await dataKeys.issue({ place, suite: 1, flags: 0, size: 5 }, "r");
    const bytes = Buffer.from(header, "base64url");
    const { macInput } = decodeHeader(header);
    // Suite, object id, commitment, size, time, MAC: what keys did not need to find the key.
    for (const at of [1, 3, 35, 74, 82, macInput.byteLength, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (at === 1 ? 3 : 1);
      const opened = dataKeys.open({ header: changed.toString("base64url"), place }, "r");
      await assert.rejects(opened, { code: "crypto.integrity" }, `byte ${at}`);
    }
  });

  it("of a password's epoch are waited for, since its key may have to be derived first", async (t) => {
    const keys = new StandInKeys();
    const { mock } = t.mock.method(keys.bus, "request");
    for (const provider of ["aes", "password"]) {
      keys.spoil = (issued) => ({ ...issued, provider });
      const object = { place, suite: 1, flags: 0, size: 5 } as const;
      const { header } = await keys.dataKeys.issue(object, "r");
      await keys.dataKeys.open({ header, place }, "r");
      const { timeoutMs } = mock.calls.at(-1)?.arguments[2] ?? {};
      assert.equal(timeoutMs, provider === "password" ? 30_000 : undefined);
    }
  });

  it("are unavailable where nobody answers", async () => {
    const dataKeys = dataKeysOf(new MemoryBus({ log: new KeptLog() }), undefined, {
      now: Date.now,
    });
    const issued = dataKeys.issue({ place, suite: 1, flags: 0, size: 5 }, "r");
    await assert.rejects(issued, { code: "bus.no-responder" });
  });
});

describe("data keys that are asked for again", () => {
  const object = { place, suite: 1, flags: 0, size: 5 } as const;

  it("are one question for all who want the same one at a time", async () => {
    const keys = new StandInKeys();
    const { header } = await keys.dataKeys.issue(object, "r");
    keys.asked = 0;
    const open = () => keys.dataKeys.open({ header, place }, "r");
    await Promise.all([open(), open(), open()]);
    assert.equal(keys.asked, 1);
    await open();
    assert.equal(keys.asked, 2);
  });

  it("of many objects of one request share questions, each checked and refused by itself", async () => {
    const keys = new StandInKeys();
    const headers = [];
    for (let n = 0; n < 5; n += 1) headers.push((await keys.dataKeys.issue(object, "r")).header);
    keys.asked = 0;
    const { open } = keys.dataKeys.together("r");
    const elsewhere = { bucket: "b", key: "other" };
    const moved = assert.rejects(open({ header: headers[0] ?? "", place: elsewhere }, "r"), {
      code: "crypto.integrity",
    });
    const opened = await Promise.all(headers.map((header) => open({ header, place }, "r")));
    await moved;
    assert.equal(keys.asked, 1);
    const alone = await keys.dataKeys.open({ header: headers[4] ?? "", place }, "r");
    assert.ok(alone.keys.dataKey.equals(opened[4]?.keys.dataKey ?? alone.keys.headerKey));
  });

  it("come out of the cache when keys is gone, and at no other place; new ones do not", async () => {
    using cache = new DataKeyCache({ ttlMs: 60_000, maxEntries: 4, cleanUpMs: 60_000 });
    const keys = new StandInKeys(new KeptLog(), cache);
    const { header, keys: issued } = await keys.dataKeys.issue(object, "r");
    await keys.dataKeys.open({ header, place }, "r");
    await keys.bus.drain();
    const opened = await keys.dataKeys.open({ header, place }, "r");
    assert.ok(opened.keys.dataKey.equals(issued.dataKey));
    const moved = { bucket: "b", key: "other" };
    await assert.rejects(keys.dataKeys.open({ header, place: moved }, "r"));
    await assert.rejects(keys.dataKeys.issue(object, "r"));
  });

  it("are not kept where the version was retired while they were on their way", async () => {
    using cache = new DataKeyCache({ ttlMs: 60_000, maxEntries: 4, cleanUpMs: 60_000 });
    const keys = new StandInKeys(new KeptLog(), cache);
    const { header } = await keys.dataKeys.issue(object, "r");
    const opening = keys.dataKeys.open({ header, place }, "r");
    cache.forget({ provider: "aes", keyId: "aes", keyVersion: 1 });
    await opening;
    assert.equal(cache.size, 0);
  });
});
