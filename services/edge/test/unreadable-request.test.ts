import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runningEdge } from "./running-edge.ts";

describe("a request that cannot be read", () => {
  it("with a head beyond the limit is RequestHeaderSectionTooLarge, also while more of it comes", async () => {
    await using edge = await runningEdge({ env: { SERVER_MAX_HEADER_BYTES: "8192" } });
    using client = await edge.connect();
    client.write(`GET / HTTP/1.1\r\nHost: h\r\nX-A: ${"a".repeat(200_000)}`);
    const answer = await client.all();
    assert.match(answer, /^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\n/);
    assert.match(answer, /<Error><Code>RequestHeaderSectionTooLarge<\/Code>/);
    assert.equal(
      Number(/Content-Length: (\d+)/.exec(answer)?.[1]),
      answer.split("\r\n\r\n")[1]?.length,
    );
  });

  for (const garbage of [
    "\0\0\0\0",
    "GET\r\n\r\n",
    "\x16\x03\x01\x02\0\x01\0\x01",
    "G€T / HTTP/1.1\r\n\r\n",
  ]) {
    it(`is BadRequest: ${JSON.stringify(garbage)}`, async () => {
      await using edge = await runningEdge();
      using client = await edge.connect();
      client.write(garbage);
      assert.match(await client.all(), /^HTTP\/1.1 400 [\s\S]*<Code>BadRequest<\/Code>/);
    });
  }

  it("gets no answer into the middle of the one before it", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const go = Promise.withResolvers<void>();
    edge.crypto.openedBody = (plaintext) => ({
      async pump(take) {
        await take(plaintext.subarray(0, 1));
        await go.promise;
        await take(plaintext.subarray(1));
      },
      destroy: () => go.resolve(),
    });
    using client = await edge.connect();
    client.write(edge.head({ method: "GET", path: "/photos/cat" }));
    await client.until(/\r\n\r\nm$/);
    client.write("\0garbage\r\n\r\n");
    await client.ended;
    assert.doesNotMatch(client.received, /BadRequest/);
  });

  it("is answered where its own body is what cannot be read", async () => {
    await using edge = await runningEdge();
    using client = await edge.connect();
    const headers = { "transfer-encoding": "chunked", "x-amz-decoded-content-length": "4" };
    const payloadHash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    const put = { method: "PUT", path: "/photos/cat", body: "meow", headers, payloadHash };
    client.write(edge.head(put));
    while (edge.crypto.seals.length === 0) await new Promise(setImmediate);
    client.write("this is no chunk\r\n");
    assert.match(await client.all(), /^HTTP\/1.1 400 /);
    assert.equal(edge.backend.objects.size, 0);
  });
});
