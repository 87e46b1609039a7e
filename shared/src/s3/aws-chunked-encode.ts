/** The other direction of aws-chunked.ts, for tests and tools that play the client: whole bodies in memory. */
import { hash } from "node:crypto";
import { chunkSignature, trailerSignature } from "./aws-chunked.ts";
import { EMPTY_SHA256 } from "./sigv4.ts";
import type { ChunkSigning } from "./sigv4-verify.ts";

/** Frames one chunk per piece (none may be empty), signed when `signing` is given, with trailers when `trailers` is. Names in lower case. */
export function encodeAwsChunked(
  pieces: Iterable<Uint8Array>,
  options: { signing?: ChunkSigning; trailers?: Readonly<Record<string, string>> } = {},
): Buffer {
  const { signing } = options;
  let previous = signing?.seedSignature ?? "";
  const header = (sizeBytes: number, sha256: string): Buffer => {
    if (!signing) return Buffer.from(`${sizeBytes.toString(16)}\r\n`);
    previous = chunkSignature(signing, previous, sha256);
    return Buffer.from(`${sizeBytes.toString(16)};chunk-signature=${previous}\r\n`);
  };
  const framed: Uint8Array[] = [];
  for (const piece of pieces) {
    const head = header(piece.byteLength, signing ? hash("sha256", piece) : "");
    framed.push(head, piece, Buffer.from("\r\n"));
  }
  framed.push(header(0, EMPTY_SHA256));
  if (options.trailers) {
    const trailers = Object.entries(options.trailers);
    const lines = signing
      ? [
          ...trailers,
          ["x-amz-trailer-signature", trailerSignature(signing, previous, trailers)] as const,
        ]
      : trailers;
    for (const [name, value] of lines) framed.push(Buffer.from(`${name}:${value}\r\n`, "latin1"));
  }
  framed.push(Buffer.from("\r\n"));
  return Buffer.concat(framed);
}
