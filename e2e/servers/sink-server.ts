/**
 * A backend that costs next to nothing, for tests of load: it keeps small objects in memory, and only counts what is put into the
 * bucket `sink`. No signatures, no versions, no listings. sink-server.ts PORT
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Kept {
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Buffer;
}

const [port = "0"] = process.argv.slice(2);
const kept = new Map<string, Kept>();
let number = 0;

const server = createServer({ noDelay: true, requestTimeout: 0 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 600_000;
server.listen(Number(port), "127.0.0.1");

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "/"] = (request.url ?? "/").split("?");
  if (request.method === "PUT") await put(path, request, response);
  else give(path, request, response);
}

async function put(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  number += 1;
  const etag = `"${number.toString(16).padStart(32, "0")}"`;
  const pieces: Buffer[] = [];
  for await (const piece of request) {
    if (!path.startsWith("/sink/")) pieces.push(piece as Buffer);
  }
  const about = Object.entries(request.headers).filter(([name]) => name.startsWith("x-amz-meta-"));
  const headers = { ...(Object.fromEntries(about) as Record<string, string>), etag };
  kept.set(path, { headers, content: Buffer.concat(pieces) });
  response.writeHead(200, { etag }).end();
}

function give(path: string, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const object = kept.get(path);
  if (object === undefined) {
    response.writeHead(path.split("/").length > 2 ? 404 : 200).end();
    return;
  }
  const { content, headers } = object;
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) + 1 : content.length, content.length);
  response.writeHead(from === undefined ? 200 : 206, {
    ...headers,
    "last-modified": new Date().toUTCString(),
    "content-length": end - start,
    ...(from === undefined
      ? {}
      : { "content-range": `bytes ${start}-${end - 1}/${content.length}` }),
  });
  response.end(request.method === "HEAD" ? undefined : content.subarray(start, end));
}
