import { equal, ok, rejects } from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createNetServer } from "node:net";
import { describe, it } from "node:test";
import { openPort } from "../src/port-queues.ts";
import { stopServer } from "../src/stop-server.ts";
import { RawClient } from "./raw-client.ts";

const HOST = "127.0.0.1";

/** A server that says over how many connections it was asked. */
function counting(): Server {
  let connections = 0;
  const server = createServer((_, res) => res.end(`${connections}\n`));
  server.on("connection", () => {
    connections += 1;
  });
  return server;
}

describe("openPort", () => {
  it("takes connections of all its queues for the server, and none once that is stopped", async () => {
    const server = counting();
    const { port, beside } = await openPort(server, { host: HOST, port: 0 });
    const clients: RawClient[] = [];
    for (let n = 1; n <= 40; n++) {
      const client = await RawClient.connect(port);
      client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
      await client.until(new RegExp(`^${n}\n$`, "m"));
      clients.push(client);
    }
    await stopServer(server, { graceMs: 60_000, beside });
    await Promise.all(clients.map((client) => client.ended));
    await rejects(RawClient.connect(port), { code: "ECONNREFUSED" });
  });

  it("takes several of those who wait in one round of the loop", async () => {
    const server = counting();
    const rounds: number[] = [];
    server.on("connection", () => rounds.push(performance.nodeTiming.uvMetricsInfo.loopCount));
    const { port, beside } = await openPort(server, { host: HOST, port: 0 });
    const clients = await Promise.all(Array.from({ length: 64 }, () => RawClient.connect(port)));
    while (rounds.length < 64) await new Promise(setImmediate);
    for (const client of clients) client[Symbol.dispose]();
    await stopServer(server, { graceMs: 0, beside });
    // Kernels without spreading have one queue.
    const most = beside.length > 0 ? 32 : 64;
    ok(new Set(rounds).size <= most, `${new Set(rounds).size} rounds`);
  });

  it("refuses a port that another has, though both would share it", async () => {
    const first = counting();
    const { port, beside } = await openPort(first, { host: HOST, port: 0 });
    await rejects(openPort(counting(), { host: HOST, port }), { code: "EADDRINUSE" });
    await stopServer(first, { graceMs: 0, beside });
    const stranger = createNetServer().listen(port, HOST);
    await once(stranger, "listening");
    await rejects(openPort(counting(), { host: HOST, port }), { code: "EADDRINUSE" });
    stranger.close();
  });

  it("listens on a port by its number", async () => {
    const former = counting();
    const { port, beside } = await openPort(former, { host: HOST, port: 0 });
    await stopServer(former, { graceMs: 0, beside });
    const server = counting();
    const again = await openPort(server, { host: HOST, port });
    equal(again.port, port);
    using client = await RawClient.connect(port);
    await stopServer(server, { graceMs: 0, beside: again.beside });
    await client.ended;
  });
});
