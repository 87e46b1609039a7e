import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { limitConnections } from "../src/connection-limit.ts";
import { RawClient } from "./raw-client.ts";

/** A server that answers `/now` at once and anything else when it is told. */
async function limited(maxConnections: number) {
  const late: ServerResponse[] = [];
  const server: Server = createServer((req, res) => {
    if (req.url === "/now") res.end("now");
    else late.push(res);
  });
  limitConnections(server, maxConnections);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    late,
    connect: () => RawClient.connect(port),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const ask = (client: RawClient, path: string) =>
  client.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);

describe("the limit of connections", () => {
  it("closes the one that has been without a request for longest", async () => {
    await using server = await limited(2);
    using silent = await server.connect();
    using used = await server.connect();
    ask(used, "/now");
    await used.until(/now$/);
    using third = await server.connect();
    ask(third, "/now");
    await third.until(/now$/);
    await silent.ended;
    using fourth = await server.connect();
    ask(fourth, "/now");
    await fourth.until(/now$/);
    await used.ended;
    ask(third, "/now");
    await third.until(/now(?:.|\r|\n)*now$/);
  });

  it("leaves those alone that are being answered, and takes a few more so that probes get through", async () => {
    await using server = await limited(2);
    using first = await server.connect();
    using second = await server.connect();
    for (const client of [first, second]) ask(client, "/late");
    while (server.late.length < 2) await new Promise(setImmediate);
    using third = await server.connect();
    ask(third, "/now");
    await third.until(/now$/);
    for (const res of server.late) res.end("late");
    await first.until(/late$/);
    await second.until(/late$/);
  });
});
