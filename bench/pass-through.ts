/** The yardstick: a proxy that only pipes, no signature, no sealing. pass-through.ts PORT BACKEND-URL */
import { Agent, createServer, request } from "node:http";

const [port, backend = ""] = process.argv.slice(2);
const { hostname, port: backendPort } = new URL(backend);
const agent = new Agent({ keepAlive: true });

const server = createServer({ noDelay: true, requestTimeout: 0 }, (incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const options = { agent, hostname, port: backendPort, method, path, headers };
  const upstream = request(options, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  upstream.on("error", () => outgoing.destroy());
  incoming.pipe(upstream);
});
server.keepAliveTimeout = 600_000;
server.listen(Number(port), "127.0.0.1");
