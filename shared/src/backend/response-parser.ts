/**
 * Reads one HTTP/1.1 answer from bytes as they come (RFC 9112). Strict: whatever leaves a doubt about where the answer ends is refused,
 * because the next bytes on a reused connection would then belong to somebody else's answer.
 */
import type { Fault } from "../faults.ts";
import type { HeaderFields } from "./backend.ts";
import { lostExchange } from "./carrier.ts";
import { addField, isFieldName, isFieldValue } from "./header-fields.ts";

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_INTERIM_ANSWERS = 32;
const MAX_CHUNK_LINE_BYTES = 256;
const MAX_TRAILER_BYTES = 16 * 1024;
const NO_BYTES = Buffer.alloc(0);
const HEAD_END = "\r\n\r\n";

/** Status line and fields of a final answer. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderFields;
  /** True if the server lets the connection live on (RFC 9112 §9.3). */
  readonly isKeepAlive: boolean;
}

/** What was found next. A piece is a view of the bytes that were pushed. */
export type ResponseEvent =
  | { readonly kind: "interim"; readonly status: number }
  | { readonly kind: "head"; readonly head: ResponseHead }
  | { readonly kind: "piece"; readonly piece: Buffer }
  | { readonly kind: "end" };

const END: ResponseEvent = { kind: "end" };

type State =
  | "head"
  | "sized"
  | "until-close"
  | "chunk-line"
  | "chunk"
  | "chunk-end"
  | "trailer"
  | "last"
  | "done";

/** Parser of one answer. Push bytes, then call `next` until it returns undefined; both throw `backend.unavailable` on a malformed answer. */
export class ResponseParser {
  readonly #isHead: boolean;
  readonly #queue: Buffer[] = [];
  #bytes: Buffer = NO_BYTES;
  #at = 0;
  #state: State = "head";
  #partialHead: Buffer | undefined;
  #partialHeadBytes = 0;
  #interimAnswers = 0;
  #leftBytes = 0;
  #line = "";
  #trailerBytes = 0;

  /** `isHead`: the request was HEAD, so no body follows whatever the fields say. */
  constructor(isHead: boolean) {
    this.#isHead = isHead;
  }

  /** Adds bytes. They are looked at, not copied, until `next` has returned undefined. */
  push(bytes: Buffer): void {
    if (this.#at < this.#bytes.length) this.#queue.push(bytes);
    else {
      this.#bytes = bytes;
      this.#at = 0;
    }
  }

  /** The next finding, or undefined if it takes more bytes. */
  next(): ResponseEvent | undefined {
    for (;;) {
      if (this.#state === "last") {
        this.#state = "done";
        return END;
      }
      if (this.#state === "done" || !this.#refill()) return undefined;
      const event = this.#step();
      if (event) return event;
    }
  }

  /** To be called when the connection has ended and `next` gave undefined. Throws if the answer is not complete. */
  finish(): void {
    if (this.#state === "until-close") this.#state = "last";
    else if (this.#state === "head") {
      throw lostExchange("answer", "backend closed the connection within the head of its answer");
    } else if (this.#state !== "done") {
      throw lostExchange("answer", "answer of the backend was cut short");
    }
  }

  /** Bytes of the body that have not been pushed yet, so far as is known: 0 once all are here, Infinity where the length is not told. */
  get missingBytes(): number {
    if (this.#state === "sized") return Math.max(0, this.#leftBytes - this.unreadBytes);
    return this.#state === "last" || this.#state === "done" ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Bytes of the body that `next` has not given yet. */
  get leftBytes(): number {
    if (this.#state === "sized") return this.#leftBytes;
    return this.#state === "last" || this.#state === "done" ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Bytes pushed and not used: after the end, bytes that belong to no answer. */
  get unreadBytes(): number {
    let bytes = this.#bytes.length - this.#at;
    for (const queued of this.#queue) bytes += queued.length;
    return bytes;
  }

  #refill(): boolean {
    if (this.#at < this.#bytes.length) return true;
    this.#bytes = this.#queue.shift() ?? NO_BYTES;
    this.#at = 0;
    return this.#bytes.length > 0;
  }

  #step(): ResponseEvent | undefined {
    switch (this.#state) {
      case "head":
        return this.#readHead();
      case "sized":
        return this.#readSized("last");
      case "chunk":
        return this.#readSized("chunk-end");
      case "until-close":
        return this.#piece(this.#bytes.length - this.#at);
      case "chunk-line":
        return this.#readChunkLine();
      case "chunk-end":
        return this.#readChunkEnd();
      case "trailer":
        return this.#readTrailer();
      default:
        return undefined;
    }
  }

  #piece(length: number): ResponseEvent {
    const piece = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return { kind: "piece", piece };
  }

  #readSized(next: State): ResponseEvent {
    const length = Math.min(this.#leftBytes, this.#bytes.length - this.#at);
    this.#leftBytes -= length;
    if (this.#leftBytes === 0) this.#state = next;
    return this.#piece(length);
  }

  #readHead(): ResponseEvent | undefined {
    const text = this.#headText();
    if (text === undefined) return undefined;
    const { status, headers, isHttp11 } = parseHead(text);
    if (status < 200) {
      this.#interimAnswers += 1;
      if (status === 101 || this.#interimAnswers > MAX_INTERIM_ANSWERS) {
        throw malformed("unexpected interim answer");
      }
      return { kind: "interim", status };
    }
    const isSelfDelimited = this.#frame(status, headers);
    const tokens = (headers.get("connection") ?? "").toLowerCase().split(",");
    const isKeepAlive =
      isSelfDelimited && isHttp11 && !tokens.some((token) => token.trim() === "close");
    return { kind: "head", head: { status, headers: Object.fromEntries(headers), isKeepAlive } };
  }

  /** The text of the next head without its last line break, or undefined while it is not complete. */
  #headText(): string | undefined {
    if (!this.#partialHead) {
      const end = this.#bytes.indexOf(HEAD_END, this.#at, "latin1");
      if (end >= 0) {
        if (end - this.#at > MAX_HEAD_BYTES) throw malformed("head too large");
        const text = this.#bytes.toString("latin1", this.#at, end);
        this.#at = end + HEAD_END.length;
        return text;
      }
      this.#partialHead = Buffer.allocUnsafe(MAX_HEAD_BYTES + HEAD_END.length);
      this.#partialHeadBytes = 0;
    }
    const partial = this.#partialHead;
    const before = this.#partialHeadBytes;
    const copied = this.#bytes.copy(partial, before, this.#at);
    const searchFrom = Math.max(0, before - HEAD_END.length + 1);
    const end = partial.subarray(0, before + copied).indexOf(HEAD_END, searchFrom, "latin1");
    if (end < 0) {
      if (before + copied === partial.length) throw malformed("head too large");
      this.#partialHeadBytes = before + copied;
      this.#at += copied;
      return undefined;
    }
    this.#at += end + HEAD_END.length - before;
    this.#partialHead = undefined;
    return partial.toString("latin1", 0, end);
  }

  /** Decides how the body ends (RFC 9112 §6.3). False if only the end of the connection ends it. */
  #frame(status: number, headers: ReadonlyMap<string, string>): boolean {
    const encoding = headers.get("transfer-encoding");
    const length = headers.get("content-length");
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw malformed("bad content-length");
    if (encoding !== undefined) {
      if (length !== undefined) throw malformed("both content-length and transfer-encoding");
      if (encoding.toLowerCase() !== "chunked") throw malformed("unknown transfer-encoding");
    }
    if (this.#isHead || status === 204 || status === 304) this.#state = "last";
    else if (encoding !== undefined) this.#state = "chunk-line";
    else if (length !== undefined) {
      this.#leftBytes = Number(length);
      this.#state = this.#leftBytes === 0 ? "last" : "sized";
    } else if (status < 300) {
      // Where only the end of the connection ends the body, a cut one looks complete: never for bytes somebody relies on.
      throw malformed("no length");
    } else {
      this.#state = "until-close";
      return false;
    }
    return true;
  }

  #readChunkLine(): undefined {
    const line = this.#readLine(MAX_CHUNK_LINE_BYTES);
    if (line === undefined) return undefined;
    const size = /^([0-9a-fA-F]{1,12})(?:[ \t]*;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw malformed("bad chunk size");
    this.#leftBytes = Number.parseInt(size, 16);
    this.#state = this.#leftBytes === 0 ? "trailer" : "chunk";
    return undefined;
  }

  #readChunkEnd(): undefined {
    const line = this.#readLine(2);
    if (line === undefined) return undefined;
    if (line !== "") throw malformed("chunk longer than its size");
    this.#state = "chunk-line";
    return undefined;
  }

  #readTrailer(): undefined {
    const line = this.#readLine(MAX_TRAILER_BYTES);
    if (line === undefined) return undefined;
    this.#trailerBytes += line.length + 2;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) throw malformed("trailer too large");
    if (line === "") this.#state = "last";
    return undefined;
  }

  #readLine(maxBytes: number): string | undefined {
    const end = this.#bytes.indexOf(10, this.#at);
    const upTo = end < 0 ? this.#bytes.length : end + 1;
    if (this.#line.length + upTo - this.#at > maxBytes) throw malformed("line too long");
    this.#line += this.#bytes.toString("latin1", this.#at, upTo);
    this.#at = upTo;
    if (end < 0) return undefined;
    const line = this.#line;
    this.#line = "";
    if (!line.endsWith("\r\n")) throw malformed("bare line feed");
    return line.slice(0, -2);
  }
}

function malformed(what: string): Fault {
  return lostExchange("answer", `answer of the backend is malformed: ${what}`);
}

function parseHead(text: string): {
  status: number;
  headers: Map<string, string>;
  isHttp11: boolean;
} {
  const lines = text.split("\r\n");
  const status = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(lines[0] ?? "");
  if (!status) throw malformed("bad status line");
  const headers = new Map<string, string>();
  for (let n = 1; n < lines.length; n += 1) {
    const line = lines[n] ?? "";
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = trimBlanks(line.slice(colon + 1));
    if (!isFieldName(name) || !isFieldValue(value)) throw malformed("bad header field");
    if (!addField(headers, name, value)) throw malformed(`${name.toLowerCase()} repeated`);
  }
  return { status: Number(status[2]), headers, isHttp11: status[1] === "1" };
}

/** Optional white space is blank and tab only; `trim` would also take the latin-1 no-break space from metadata. */
function trimBlanks(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && (value[from] === " " || value[from] === "\t")) from += 1;
  while (to > from && (value[to - 1] === " " || value[to - 1] === "\t")) to -= 1;
  return value.slice(from, to);
}
