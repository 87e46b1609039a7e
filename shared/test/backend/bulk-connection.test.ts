import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { BulkConnection } from "../../src/backend/bulk-connection.ts";
import { ReadBuffers } from "../../src/backend/read-buffers.ts";
import { isFault } from "../../src/faults.ts";
import { collectBody } from "../../src/http/body.ts";

const timeouts = { connectMs: 2000, headersMs: 2000, idleMs: 2000 };
const head = Buffer.from("GET / HTTP/1.1\r\nhost: h\r\n\r\n");
const settingsOf = (port: number) => ({
  host: "127.0.0.1",
  port,
  timeouts,
  keepIdleMs: 1000,
  buffers: new ReadBuffers(),
});

describe("BulkConnection", () => {
  it("carries one exchange after the other, and says which were on a used connection", async () => {
    const server = createServer((_request, reply) => reply.end("answer")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const released: BulkConnection[] = [];
    const watcher = {
      released: (free: BulkConnection) => void released.push(free),
      closed: () => undefined,
    };
    const connection = await BulkConnection.open(settingsOf(port), watcher);
    for (const isReused of [false, true]) {
      const response = await connection.exchange(
        { method: "GET", target: "/", headers: { host: "h" } },
        head,
      );
      assert.equal(response.isReused, isReused);
      const text = await collectBody(response.body, 100, () => new Error("too long"));
      assert.equal(text.toString(), "answer");
      assert.ok(connection.isUsable);
    }
    assert.equal(released.length, 2);
    connection.destroy();
    assert.ok(!connection.isUsable);
    server.close();
    server.closeAllConnections();
  });

  it("says that nothing was sent where nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    server.close();
    await once(server, "close");
    const watcher = { released: () => undefined, closed: () => undefined };
    await assert.rejects(
      BulkConnection.open(settingsOf(port), watcher),
      (error) => isFault(error, "backend.unavailable") && error.details.phase === "connect",
    );
  });
});
