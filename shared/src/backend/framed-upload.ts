/**
 * aws-chunked framing of an upload to the backend, with a CRC-32 of the stored bytes as trailer (S3 User Guide, "Trailing checksums").
 * A server may take a connection that ends within a plain body for the end of the body and keep half an object; here the body is whole
 * only with its last chunk and its checksum, whatever happens to this process or to the network.
 */
import { crc32 } from "node:zlib";
import { type Body, type Take, takeAll } from "../http/body.ts";
import type { BackendRequest, HeaderFields } from "./backend.ts";

/** Servers hold a chunk in memory before they take it, and MinIO takes none above 16 MiB. */
const CHUNK_BYTES = 256 * 1024;
const CRLF = Buffer.from("\r\n");
const TRAILER_FIELD = "x-amz-checksum-crc32";
const CRC_BYTES = 4;

/** Value of `x-amz-content-sha256` for such an upload. */
export const FRAMED_PAYLOAD = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/** The headers that announce the framing of `sizeBytes` bytes; `contentEncoding` is the object's own. */
export function framingHeaders(
  sizeBytes: number,
  contentEncoding: string | undefined,
): HeaderFields {
  return {
    "content-encoding": contentEncoding ? `aws-chunked,${contentEncoding}` : "aws-chunked",
    "x-amz-decoded-content-length": String(sizeBytes),
    "x-amz-trailer": TRAILER_FIELD,
  };
}

/** The body in frames, and its size on the wire. A body of another size than `sizeBytes` is an error of whoever sends it. */
export function framedUpload(plain: { readonly body: Body; readonly sizeBytes: number }) {
  return {
    body: new FramedBody(plain.body, plain.sizeBytes),
    sizeBytes: framedSizeOf(plain.sizeBytes),
  } satisfies BackendRequest["body"];
}

/** The headers of an answer without the mark of our framing, which some servers keep with the object. */
export function withoutFraming(headers: HeaderFields): HeaderFields {
  const { "content-encoding": encoding, ...others } = headers;
  if (!encoding?.startsWith("aws-chunked")) return headers;
  const own = encoding.slice("aws-chunked".length).replace(/^\s*,\s*/, "");
  return own === "" ? others : { ...others, "content-encoding": own };
}

function framedSizeOf(sizeBytes: number): number {
  const whole = Math.floor(sizeBytes / CHUNK_BYTES);
  const rest = sizeBytes % CHUNK_BYTES;
  const frameBytes = (size: number) => headOf(size).byteLength + size + CRLF.byteLength;
  return whole * frameBytes(CHUNK_BYTES) + (rest > 0 ? frameBytes(rest) : 0) + endOf(0).byteLength;
}

const headOf = (sizeBytes: number) => Buffer.from(`${sizeBytes.toString(16)}\r\n`);

function endOf(checksum: number): Buffer {
  const value = Buffer.alloc(CRC_BYTES);
  value.writeUInt32BE(checksum);
  return Buffer.from(`0\r\n${TRAILER_FIELD}:${value.toString("base64")}\r\n\r\n`);
}

class FramedBody implements Body {
  readonly #body: Body;
  #bytesLeft: number;
  #chunkBytesLeft = 0;
  #checksum = 0;

  constructor(body: Body, sizeBytes: number) {
    this.#body = body;
    this.#bytesLeft = sizeBytes;
  }

  async pump(take: Take): Promise<void> {
    await this.#body.pump((piece) => {
      this.#checksum = crc32(piece, this.#checksum);
      return takeAll(this.#framed(piece), take);
    });
    await take(endOf(this.#checksum));
  }

  destroy(reason?: unknown): void {
    this.#body.destroy(reason);
  }

  /** The piece with the heads and ends of the chunks that begin and end within it. */
  #framed(piece: Uint8Array): Uint8Array[] {
    const framed: Uint8Array[] = [];
    let at = 0;
    while (at < piece.byteLength) {
      if (this.#chunkBytesLeft === 0) {
        // A body that is too long goes on unframed here: the sender counts, and fails it.
        this.#chunkBytesLeft = Math.min(CHUNK_BYTES, this.#bytesLeft) || CHUNK_BYTES;
        framed.push(headOf(this.#chunkBytesLeft));
      }
      const end = Math.min(piece.byteLength, at + this.#chunkBytesLeft);
      framed.push(piece.subarray(at, end));
      this.#chunkBytesLeft -= end - at;
      this.#bytesLeft = Math.max(0, this.#bytesLeft - (end - at));
      if (this.#chunkBytesLeft === 0) framed.push(CRLF);
      at = end;
    }
    return framed;
  }
}
