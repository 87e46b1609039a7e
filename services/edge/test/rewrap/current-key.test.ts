import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CurrentKey, nameOf } from "../../src/rewrap/current-key.ts";
import { headerFor } from "../stand-in-services.ts";
import { Version9 } from "./rewrapping.ts";

const place = { bucket: "photos", key: "cat" };

describe("CurrentKey", () => {
  it("asks keys once a second, not for every object", async () => {
    let nowMs = 0;
    const headers = new Version9();
    const current = new CurrentKey(headers, () => nowMs);
    const old = headerFor(4, place);
    const fresh = await headers.reissue({ header: old });
    headers.asked = 0;
    assert.equal(await current.wraps(old, place, "R"), false);
    assert.equal(await current.wraps(fresh, place, "R"), true);
    assert.equal(headers.asked, 1);
    nowMs = 1001;
    assert.equal(await current.wraps(fresh, place, "R"), true);
    assert.equal(headers.asked, 2);
    assert.notEqual(nameOf(old), nameOf(fresh));
  });
});
