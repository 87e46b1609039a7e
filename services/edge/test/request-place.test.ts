import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runningEdge } from "./running-edge.ts";

const PUT = { method: "PUT", path: "/photos/cat", body: "meow" };
const ONE = { maxRequests: 1, maxWaitMs: 60_000 };

/** A PUT of which the head has come and the body has not: it keeps its place. */
async function begun(edge: Awaited<ReturnType<typeof runningEdge>>) {
  const client = await edge.connect();
  client.write(edge.head(PUT));
  await until(edge, /\ngateway_admission_requests 1\n/);
  return client;
}

async function until(edge: Awaited<ReturnType<typeof runningEdge>>, state: RegExp): Promise<void> {
  while (!state.test(await edge.metrics.text())) await sleep(1);
}

describe("the place of a request", () => {
  it("is kept until its answer has ended, and given to who waits then", async () => {
    await using edge = await runningEdge({ places: ONE });
    const first = await begun(edge);
    const second = edge.send({ ...PUT, path: "/photos/dog" });
    await until(edge, /\ngateway_admission_waiting_requests 1\n/);
    assert.equal(edge.done.length, 0);
    first.write("meow");
    assert.equal((await second).status, 200);
    assert.deepEqual(
      edge.done.map(({ key }) => key),
      ["cat", "dog"],
    );
    await until(edge, /\ngateway_admission_requests 0\n/);
    first.socket.destroy();
  });

  it("comes free when a client goes away, before or after it has one", async () => {
    await using edge = await runningEdge({ places: ONE });
    const first = await begun(edge);
    const second = await edge.connect();
    second.write(edge.head({ method: "GET", path: "/photos/cat" }));
    await until(edge, /\ngateway_admission_waiting_requests 1\n/);
    second.socket.destroy();
    await until(edge, /\ngateway_admission_waiting_requests 0\n/);
    first.socket.destroy();
    assert.equal((await edge.send(PUT)).status, 200);
  });

  it("is refused with SlowDown where none is free in time, and then nothing was stored", async () => {
    await using edge = await runningEdge({ places: { ...ONE, maxWaitMs: 20 } });
    const first = await begun(edge);
    const refused = await edge.send({ ...PUT, path: "/photos/dog" });
    assert.deepEqual([refused.status, refused.code], [503, "SlowDown"]);
    assert.match(String(refused.headers["retry-after"]), /^[123]$/);
    assert.equal(edge.backend.kept.length, 0);
    first.socket.destroy();
  });

  it("is given to all of many who come at once", async () => {
    await using edge = await runningEdge();
    const all = Array.from({ length: 100 }, (_, n) => edge.send({ ...PUT, path: `/photos/${n}` }));
    for (const answer of all) assert.equal((await answer).status, 200);
  });

  it("is not asked of who may not come in, nor of probes", async () => {
    await using edge = await runningEdge({ places: { ...ONE, maxWaitMs: 60_000 } });
    const first = await begun(edge);
    assert.equal((await edge.sendUnsigned(PUT)).code, "AccessDenied");
    assert.equal((await edge.sendUnsigned({ method: "GET", path: "/livez" })).status, 200);
    assert.equal((await edge.sendUnsigned({ method: "GET", path: "/metrics" })).status, 200);
    first.socket.destroy();
  });

  it("comes by turns of credentials", async () => {
    await using edge = await runningEdge({ places: ONE });
    const first = await begun(edge);
    const sent: ReturnType<typeof edge.send>[] = [];
    for (const accessKey of ["AK", "AK", "AK", "AK2"]) {
      sent.push(edge.send({ ...PUT, accessKey, path: `/photos/${accessKey}-${sent.length}` }));
      await until(edge, new RegExp(`\\ngateway_admission_waiting_requests ${sent.length}\\n`));
    }
    first.write("meow");
    for (const { status } of await Promise.all(sent)) assert.equal(status, 200);
    const order = edge.done.map(({ key }) => key).slice(1);
    assert.ok(order.indexOf("AK2-3") <= 1, order.join(" "));
    first.socket.destroy();
  });
});
