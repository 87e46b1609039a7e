import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PlannedFault } from "../src/fault-switch.ts";
import { runningStore } from "./running-store.ts";

/** A store with the object `k` = 0123456789 and a fault planned for the next request. */
async function storeWith(fault: PlannedFault) {
  const running = await runningStore();
  await running.send("PUT", "/photos/k", { body: "0123456789" });
  running.store.faults.next(fault);
  return running;
}

describe("faults on demand", () => {
  it("status-503: nothing is done, and only as often as planned", async () => {
    await using running = await storeWith({ kind: "status-503", count: 2 });
    const { send } = running;
    for (let time = 0; time < 2; time++) {
      const answer = await send("PUT", "/photos/k", { body: "new" });
      assert.deepEqual([answer.status, answer.code], [503, "SlowDown"]);
    }
    assert.equal((await send("GET", "/photos/k")).text, "0123456789");
  });

  it("match: other requests pass", async () => {
    const match = (method: string, bucket: string, key: string) =>
      method === "GET" && bucket === "photos" && key === "k";
    await using running = await storeWith({ kind: "status-503", match });
    assert.equal((await running.send("HEAD", "/photos/k")).status, 200);
    assert.equal((await running.send("GET", "/photos/k")).status, 503);
    assert.equal((await running.send("GET", "/photos/k")).status, 200);
  });

  it("cut-request: the connection is reset and the old object stays", async () => {
    await using running = await storeWith({ kind: "cut-request", afterBytes: 2 });
    await assert.rejects(running.send("PUT", "/photos/k", { body: "new object" }));
    assert.equal((await running.send("GET", "/photos/k")).text, "0123456789");
  });

  it("cut-response without afterBytes: the work is done, the answer is lost", async () => {
    await using running = await storeWith({ kind: "cut-response" });
    await assert.rejects(running.send("PUT", "/photos/k", { body: "new object" }));
    assert.equal((await running.send("GET", "/photos/k")).text, "new object");
  });

  it("cut-response and end-response: the body does not end", async () => {
    for (const kind of ["cut-response", "end-response"] as const) {
      await using running = await storeWith({ kind, afterBytes: 4 });
      await assert.rejects(running.send("GET", "/photos/k"), kind);
      assert.equal((await running.send("GET", "/photos/k")).text, "0123456789");
    }
  });

  it("truncate: fewer bytes, as if they were all", async () => {
    await using running = await storeWith({ kind: "truncate", afterBytes: 4 });
    const { status, text, headers } = await running.send("GET", "/photos/k");
    assert.deepEqual([status, text, headers["content-length"]], [200, "0123", "4"]);
  });

  it("wrong-etag: in the header, and in XML", async () => {
    await using running = await storeWith({ kind: "wrong-etag", count: 2 });
    const { send } = running;
    const wrong = `"${"0".repeat(32)}"`;
    assert.equal((await send("GET", "/photos/k")).headers.etag, wrong);
    const headers = { "x-amz-copy-source": "/photos/k" };
    const copied = await send("PUT", "/photos/copy", { headers });
    assert.equal(copied.xml().textOf("ETag"), wrong);
    assert.notEqual((await send("GET", "/photos/k")).headers.etag, wrong);
  });

  it("slow: late, but right", async () => {
    await using running = await storeWith({ kind: "slow", delayMs: 1, count: 2 });
    assert.equal((await running.send("PUT", "/photos/k", { body: "new" })).status, 200);
    assert.equal((await running.send("GET", "/photos/k")).text, "new");
  });

  it("hang: no answer until the connection ends; a store that stops ends it", async () => {
    const running = await storeWith({ kind: "hang" });
    const hanging = assert.rejects(running.send("GET", "/photos/k"));
    await running.send("GET", "/photos/k");
    await running[Symbol.asyncDispose]();
    await hanging;
  });

  it("clear: nothing is planned any more", async () => {
    await using running = await storeWith({ kind: "status-503" });
    running.store.faults.clear();
    assert.equal((await running.send("GET", "/photos/k")).status, 200);
  });
});
