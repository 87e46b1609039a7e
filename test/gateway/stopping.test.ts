import assert from "node:assert/strict";
import { Agent } from "node:http";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, runningGateway, until } from "./running-gateway.ts";
import { pathOf, received } from "./wire-client.ts";

const K = pathOf(BUCKET, "k");

describe("a gateway that is told to stop", () => {
  it("ends a slow GET and a slow PUT, and takes nothing new", async () => {
    await using gateway = await runningGateway();
    const { client } = gateway;
    // More than the sockets hold, so that the answer is under way until it is read.
    const old = plaintextOf(256 * C, 1);
    const fresh = plaintextOf(3 * C, 2);
    await client.send("PUT", K, { body: old });

    const reading = await client.open("GET", K);
    const stream = new PassThrough();
    const headers = { "content-length": String(fresh.length) };
    const sending = { stream, headers, payloadHash: "UNSIGNED-PAYLOAD" };
    const writing = client.open("PUT", pathOf(BUCKET, "new"), sending);
    stream.write(fresh.subarray(0, C));
    await until(() => gateway.bus.answers.length >= 3, "both requests have their data keys");

    let isStopped = false;
    const stopping = gateway.stop().then(() => {
      isStopped = true;
    });
    await assert.rejects(client.send("GET", K), /ECONNREFUSED/);
    assert.equal(isStopped, false);
    stream.end(fresh.subarray(C));
    const put = await received(await writing);
    assert.equal(put.status, 200, put.text);
    const got = await received(reading);
    assert.ok(got.isWhole && got.bytes.equals(old));
    await stopping;
    const { bytes } = await gateway.store.readStored(BUCKET, "new");
    assert.equal(bytes.length, fresh.length + 3 * 16 + 128);
  });

  it("does not wait for connections that nobody uses", async () => {
    await using gateway = await runningGateway();
    const agent = new Agent({ keepAlive: true });
    await gateway.client.send("GET", "/", { agent });
    await gateway.stop();
    await assert.rejects(gateway.client.send("GET", "/", { agent }));
    agent.destroy();
  });
});
