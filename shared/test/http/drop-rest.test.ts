import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { dropRest } from "../../src/http/drop-rest.ts";

/** Sends `sizeBytes` and gives what the client got to see of the answer. */
async function send(
  sizeBytes: number,
  limits: { maxBytes: number; pauseMs?: number },
): Promise<number | string> {
  const server = createServer((incoming, response) => {
    response.writeHead(400, { connection: "close", "content-length": 2 }).write("no");
    dropRest(incoming, limits).then(() => response.end(), failed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ host: "127.0.0.1", port, method: "PUT" });
  const seen = Promise.withResolvers<number | string>();
  outgoing.on("error", (error: NodeJS.ErrnoException) => seen.resolve(error.code ?? ""));
  outgoing.on("response", (answer) => {
    answer.resume().on("end", () => seen.resolve(answer.statusCode ?? 0));
  });
  outgoing.end(Buffer.alloc(sizeBytes));
  const result = await seen.promise;
  server.close();
  server.closeAllConnections();
  return result;
}

function failed(error: unknown): void {
  assert.fail(String(error));
}

describe("dropRest", () => {
  it("lets a client that sends its whole body first see the answer", async () => {
    assert.equal(await send(3_000_000, { maxBytes: 4_000_000 }), 400);
  });

  it("lets one that reads the answer while it sends see it, with less of its body taken", async () => {
    assert.equal(await send(3_000_000, { maxBytes: 4_000_000, pauseMs: 1000 }), 400);
  });

  it("does not take more than its limit", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ host: "127.0.0.1", port, method: "PUT" });
    outgoing.on("error", () => undefined);
    const filler = setInterval(() => outgoing.write(Buffer.alloc(100_000)), 1);
    const [incoming] = (await once(server, "request")) as [IncomingMessage];
    await dropRest(incoming, { maxBytes: 300_000, timeoutMs: 60_000 });
    clearInterval(filler);
    assert.equal(incoming.isPaused(), true);
    assert.equal(incoming.listenerCount("data"), 0);
    outgoing.destroy();
    server.close();
    server.closeAllConnections();
  });

  it("ends when the client goes away, and at once where the body was read", async () => {
    const gone = Promise.withResolvers<void>();
    const server = createServer((received) => {
      dropRest(received, { timeoutMs: 60_000 }).then(() => gone.resolve(), gone.reject);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ host: "127.0.0.1", port, method: "PUT" });
    outgoing.on("error", () => undefined).write("a");
    const [incoming] = (await once(server, "request")) as [IncomingMessage];
    outgoing.destroy();
    await gone.promise;
    await dropRest(incoming);
    server.close();
    server.closeAllConnections();
  });
});
