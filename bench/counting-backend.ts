/**
 * The S3 server of the benchmark: no signatures, no XML, as cheap as can be. counting-backend.ts PORT FOLDER
 * PUT to a bucket `sink` counts the bytes and drops them; to any other bucket it keeps them, in memory up to 128 MiB, else
 * in a file of FOLDER. GET (with ranges) and HEAD give back what was kept with its headers. GET /counted tells the sums.
 * Uploads in parts are only played: nothing is kept of them.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Body, collectBody } from "../shared/src/http/body.ts";
import { bodyOfReadable } from "../shared/src/http/node-body.ts";
import { decodeAwsChunked } from "../shared/src/s3/aws-chunked.ts";
import { playUpload } from "./played-uploads.ts";

const MAX_IN_MEMORY_BYTES = 128 * 1024 * 1024;

interface Kept {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** The content, or the file that holds it; of a dropped object neither. */
  readonly content?: Buffer;
  readonly file?: string;
}

const [port = "0", folder = "."] = process.argv.slice(2);
const kept = new Map<string, Kept>();
const counted = { puts: 0, gets: 0, bytesIn: 0, bytesOut: 0 };

const server = createServer({ noDelay: true, requestTimeout: 0 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 600_000;
server.listen(Number(port), "127.0.0.1");

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  if (path === "/counted") {
    response.end(JSON.stringify(counted));
  } else if (path.split("/").filter((part) => part !== "").length < 2) {
    request.resume();
    response.end();
  } else if (request.method === "PUT") {
    await put(path, request, response);
  } else if (query.includes("upload")) {
    await playUpload(new URLSearchParams(query), request, response);
  } else if (request.method === "DELETE") {
    kept.delete(path);
    response.writeHead(204).end();
  } else {
    await give(path, request, response);
  }
}

async function put(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const number = ++counted.puts;
  const etag = `"${createHash("md5").update(String(number)).digest("hex")}"`;
  const headers = { ...storedHeaders(request), etag, "last-modified": new Date().toUTCString() };
  if (path.startsWith("/sink/")) {
    let bytes = 0;
    for await (const piece of request) bytes += (piece as Buffer).length;
    keep(path, { headers, bytes });
  } else if (Number(request.headers["content-length"]) <= MAX_IN_MEMORY_BYTES) {
    const tooLarge = () => new Error("body is too large");
    const content = await collectBody(unframed(request), MAX_IN_MEMORY_BYTES, tooLarge);
    keep(path, { headers, bytes: content.length, content });
  } else {
    const file = join(folder, `object-${number}`);
    await using sink = await open(file, "w");
    let bytes = 0;
    await unframed(request).pump(async (piece) => {
      await sink.writeFile(piece);
      bytes += piece.byteLength;
    });
    keep(path, { headers, bytes, file });
  }
  response.writeHead(200, { etag }).end();
}

/** The bytes of the object: an upload with a checksum behind it comes in frames. */
function unframed(request: IncomingMessage): Body {
  const body = bodyOfReadable(request);
  const decodedBytes = request.headers["x-amz-decoded-content-length"];
  if (decodedBytes === undefined) return body;
  return decodeAwsChunked(body, { decodedBytes: Number(decodedBytes), hasTrailer: true }).body;
}

function keep(path: string, object: Kept): void {
  counted.bytesIn += object.bytes;
  kept.set(path, object);
}

async function give(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const object = kept.get(path);
  request.resume();
  if (object === undefined) {
    response.writeHead(404, { "content-type": "application/xml" });
    response.end(request.method === "HEAD" ? undefined : "<Error><Code>NoSuchKey</Code></Error>");
    return;
  }
  const span = spanOf(request.headers.range, object.bytes);
  const length = span.end - span.start;
  response.writeHead(span.isPart ? 206 : 200, {
    ...object.headers,
    "accept-ranges": "bytes",
    "content-length": length,
    ...(span.isPart
      ? { "content-range": `bytes ${span.start}-${span.end - 1}/${object.bytes}` }
      : {}),
  });
  if (request.method === "HEAD" || length === 0) {
    response.end();
    return;
  }
  counted.gets += 1;
  counted.bytesOut += length;
  if (object.file === undefined) {
    response.end(object.content?.subarray(span.start, span.end));
  } else {
    const { start, end } = span;
    await pipeline(createReadStream(object.file, { start, end: end - 1 }), response);
  }
}

/** The bytes asked for, `end` exclusive; what is no single range asks for all. */
function spanOf(
  range: string | undefined,
  bytes: number,
): { start: number; end: number; isPart: boolean } {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === "" && last === "") return { start: 0, end: bytes, isPart: false };
  if (first === "") return { start: Math.max(0, bytes - Number(last)), end: bytes, isPart: true };
  const end = last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  return { start: Number(first), end, isPart: true };
}

function storedHeaders(request: IncomingMessage): Record<string, string> {
  const names = Object.keys(request.headers).filter(
    (name) => name.startsWith("x-amz-meta-") || name === "content-type" || name === "cache-control",
  );
  return Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
}
