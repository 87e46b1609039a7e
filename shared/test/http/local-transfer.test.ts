import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LocalTransfers } from "../../src/http/local-transfer.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { fetching, store, transferContract } from "./transfer-contract.ts";

transferContract("LocalTransfers", async (log) => {
  const transfers = new LocalTransfers({ log });
  return { client: transfers, server: transfers, close: async () => undefined };
});

describe("LocalTransfers", () => {
  it("knows what is served, and lets one transfer have one answerer", () => {
    const transfers = new LocalTransfers({ log: new KeptLog() });
    assert.equal(transfers.serves(store("a")), false);
    transfers.serveUpload(store("a"), async () => ({ etag: "" }));
    assert.equal(transfers.serves(store("a")), true);
    const again = () => transfers.serveDownload(fetching("a"), () => Promise.reject(new Error()));
    assert.throws(again, /served already/);
  });
});
