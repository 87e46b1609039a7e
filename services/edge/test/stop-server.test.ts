import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "./running-edge.ts";

/** An edge that is sending an object, half of it gone out; `goOn` lets the rest follow. */
async function sendingEdge(graceMs: number) {
  const edge = await runningEdge({ graceMs });
  await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
  const { promise, resolve } = Promise.withResolvers<void>();
  edge.crypto.openedBody = (plaintext) => ({
    async pump(take) {
      await take(plaintext.subarray(0, 2));
      await promise;
      await take(plaintext.subarray(2));
    },
    destroy: () => resolve(),
  });
  const client = await edge.connect();
  client.write(edge.head({ method: "GET", path: "/photos/cat" }));
  await client.until(/\r\n\r\nme$/);
  return { edge, client, goOn: resolve };
}

describe("stopServer", () => {
  it("lets an answer under way end, then closes its connection without waiting for the client", async () => {
    const { edge, client, goOn } = await sendingEdge(60_000);
    const stopped = edge.stop();
    await assert.rejects(edge.connect(), { code: "ECONNREFUSED" });
    goOn();
    await stopped;
    assert.match(await client.all(), /\r\n\r\nmeow$/);
    await edge.bus.drain();
  });

  it("closes idle connections at once", async () => {
    const edge = await runningEdge({ graceMs: 60_000 });
    using client = await edge.connect();
    client.write(edge.head({ method: "HEAD", path: "/photos" }));
    await client.until(/\r\n\r\n$/);
    await edge.stop();
    await client.all();
  });

  it("cuts what lasts longer than the grace", async () => {
    const { edge, client } = await sendingEdge(20);
    await edge.stop();
    await client.ended;
    assert.match(client.received, /\r\n\r\nme$/);
  });
});
