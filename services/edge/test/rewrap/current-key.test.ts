import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { headerReissueOf } from "../../src/header-reissue.ts";
import { CurrentKey, nameOf } from "../../src/rewrap/current-key.ts";
import { keptLog } from "../running-edge.ts";
import { headerFor, serveKeys } from "../stand-in-services.ts";
import { Version9 } from "./rewrapping.ts";

const place = { bucket: "photos", key: "cat" };

describe("CurrentKey", () => {
  it("asks keys once a second, not for every object", async () => {
    let nowMs = 0;
    const headers = new Version9();
    const current = new CurrentKey(headers, {}, () => nowMs);
    const old = headerFor(4, place);
    const fresh = await headers.reissue({ header: old });
    headers.asked = 0;
    assert.equal(current.name, undefined);
    assert.equal(await current.wraps(old, place, "R"), false);
    assert.equal(await current.wraps(fresh, place, "R"), true);
    assert.equal(headers.asked, 1);
    assert.equal(current.name, nameOf(fresh));
    nowMs = 1001;
    assert.equal(await current.wraps(fresh, place, "R"), true);
    assert.equal(headers.asked, 2);
    assert.notEqual(nameOf(old), nameOf(fresh));
  });

  it("is the key that the bucket's policy wishes for", async () => {
    const bus = new MemoryBus({ log: keptLog() });
    serveKeys(bus);
    const headers = headerReissueOf(bus, undefined);
    const keyWish = { provider: "kmip", keyId: "tenant" };
    const current = new CurrentKey(headers, { keyWish }, () => 0);
    const old = headerFor(4, place);
    assert.equal(await current.wraps(old, place, "R"), false);
    const moved = await headers.reissue({ header: old, from: place, to: place, keyWish }, "R");
    assert.equal(await current.wraps(moved, place, "R"), true);
  });

  it("tells the versions of a Transit key apart by what Transit returned", async () => {
    const wrappedAs = (prefix: string) => {
      const wrappedKey = Buffer.from(`${prefix}:${Buffer.alloc(93, 1).toString("base64")}`);
      const key = { provider: "transit", keyId: "transit/kek", keyVersion: 0 } as const;
      const fields = { ...decodeHeader(headerFor(4, place)), ...key, wrappedKey };
      return encodeHeader(fields, () => Buffer.alloc(32));
    };
    const [old, fresh] = [wrappedAs("vault:v1"), wrappedAs("vault:v12")];
    const reissue = async () => await Promise.resolve(fresh);
    const current = new CurrentKey({ reissue }, {}, () => 0);
    assert.equal(await current.wraps(old, place, "R"), false);
    assert.equal(await current.wraps(wrappedAs("vault:v12"), place, "R"), true);
    assert.equal(nameOf(old), "transit v1 transit/kek");
  });
});
