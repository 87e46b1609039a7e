import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { runningEdge } from "./running-edge.ts";

/** More than the sockets of both sides hold. */
const LARGE = Buffer.alloc(16 * 1024 * 1024);

describe("the times of the S3 port", () => {
  it("server.write_timeout: a client that takes nothing of its answer for as long is cut off", async () => {
    await using edge = await runningEdge({ env: { SERVER_WRITE_TIMEOUT: "50ms" } });
    await edge.send({ method: "PUT", path: "/photos/cat", body: LARGE });
    const given = Promise.withResolvers<unknown>();
    edge.crypto.openedBody = (plaintext) => ({
      pump: (take) => bodyOfBytes(plaintext).pump(take),
      destroy: given.resolve,
    });
    using client = await edge.connect();
    client.socket.pause();
    client.write(edge.head({ method: "GET", path: "/photos/cat" }));
    assert.ok(isFault(await given.promise, "client.stalled"));
  });

  it("server.idle_timeout: a connection without a request is closed after it", async () => {
    await using edge = await runningEdge({ env: { SERVER_IDLE_TIMEOUT: "50ms" } });
    using client = await edge.connect();
    client.write(edge.head({ method: "GET", path: "/photos/none" }));
    await client.until(/<\/Error>/);
    assert.match(await client.all(), /NoSuchKey/);
  });
});
