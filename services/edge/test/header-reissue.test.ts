import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import { headerReissueOf } from "../src/header-reissue.ts";
import { keptLog } from "./running-edge.ts";
import { headerFor, placeIn, serveKeys } from "./stand-in-services.ts";

const [from, to] = [
  { bucket: "photos", key: "cat" },
  { bucket: "copies", key: "cat2" },
];

describe("headerReissueOf", () => {
  it("asks keys for the header of another place", async () => {
    const bus = new MemoryBus({ log: keptLog() });
    serveKeys(bus);
    const { reissue } = headerReissueOf(bus, undefined);
    const header = await reissue({ header: headerFor(5, from), from, to }, "ID");
    assert.equal(placeIn(header), "copies/cat2");
    const elsewhere = { header: headerFor(5, to), from, to };
    await assert.rejects(reissue(elsewhere, "ID"), { code: "crypto.integrity" });
  });

  it("takes no header that is not under the key it asked for", async () => {
    const bus = new MemoryBus({ log: keptLog() });
    serveKeys(bus);
    const { reissue } = headerReissueOf(bus, undefined);
    const moving = { header: headerFor(5, from), from, to };
    const wished = await reissue({ ...moving, keyWish: { provider: "rsa", keyId: "b" } }, "ID");
    assert.equal(decodeHeader(wished).keyId, "b");
    const other = reissue({ ...moving, keyWish: { provider: "nowhere" } }, "ID");
    await assert.rejects(other, { code: "crypto.integrity", message: /wished key/ });
  });

  it("says when nobody answers", async () => {
    const { reissue } = headerReissueOf(new MemoryBus({ log: keptLog() }), undefined);
    const moving = { header: headerFor(5, from), from, to };
    await assert.rejects(reissue(moving, "ID"), { code: "bus.no-responder" });
  });
});
