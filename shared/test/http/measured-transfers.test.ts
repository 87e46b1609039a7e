import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { download, upload } from "../../src/contracts/contract.ts";
import { Fault } from "../../src/faults.ts";
import { bodyOfBytes, collectBody } from "../../src/http/body.ts";
import { LocalTransfers } from "../../src/http/local-transfer.ts";
import { measuredTransfers } from "../../src/http/measured-transfers.ts";
import { createMetrics } from "../../src/runtime/metrics.ts";
import { KeptLog } from "../runtime/kept-log.ts";

const put = upload("put", { head: z.string(), tail: z.null(), result: z.number() });
const get = download("get", { head: z.string(), result: z.string() });
const options = { requestId: "r" };

function measured() {
  const metrics = createMetrics();
  const local = new LocalTransfers({ log: new KeptLog() });
  const transfers = measuredTransfers(local, metrics);
  const lines = async () => (await metrics.text()).split("\n");
  return { local, transfers, lines };
}

describe("transfers, measured", () => {
  it("count what is sent, by path and how it ended", async () => {
    const { local, transfers, lines } = measured();
    local.serveUpload(put, async ({ head, body }) => {
      if (head === "bad") throw new Fault("limit.busy", "no room");
      return (await collectBody(body, 100, () => new Error("too large"))).byteLength;
    });
    const sending = (head: string) => ({
      head,
      body: bodyOfBytes(Buffer.from("abc")),
      tail: () => null,
    });
    assert.equal(await transfers.upload(put, sending("good"), options), 3);
    await assert.rejects(transfers.upload(put, sending("bad"), options), { code: "limit.busy" });
    const seen = await lines();
    assert.ok(seen.includes('gateway_transfers_total{path="put",result="ok"} 1'));
    assert.ok(seen.includes('gateway_transfers_total{path="put",result="limit.busy"} 1'));
    assert.ok(seen.includes("gateway_transfers_in_flight 0"));
  });

  it("count what is fetched when its last byte came, or when it is let go of", async () => {
    const { local, transfers, lines } = measured();
    local.serveDownload(get, async () => {
      return { result: "x", body: bodyOfBytes(Buffer.from("abc")), sizeBytes: 3 };
    });
    const [read, left] = [
      await transfers.download(get, "1", options),
      await transfers.download(get, "2", options),
    ];
    assert.ok((await lines()).includes("gateway_transfers_in_flight 2"));
    await read.body.pump(() => undefined);
    read.body.destroy();
    left.body.destroy();
    const seen = await lines();
    assert.ok(seen.includes('gateway_transfers_total{path="get",result="ok"} 1'));
    assert.ok(seen.includes('gateway_transfers_total{path="get",result="client.gone"} 1'));
    assert.ok(seen.includes("gateway_transfers_in_flight 0"));
  });
});
