/**
 * Reads a form as it streams in: its fields are kept (bounded), its file goes on as a body and is never held whole. The file's size
 * must be known before its first byte is sealed: it is what is left of the request when its end is taken off, and checked at the end.
 */
import { type Body, bodyOfBytes, type Take } from "@s3eg/shared/http/body.ts";
import { s3Error } from "../s3/errors.ts";
import { type FormPart, parsePartHead } from "./form-part.ts";

/** A form up to its file. */
export interface Form {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: FormPart & { readonly body: Body; readonly sizeBytes: number };
}

const MAX_HEAD_BYTES = 8 * 1024;
const MAX_FIELD_BYTES = 20 * 1024;
const MAX_FIELDS_BYTES = 1024 * 1024;
/** What follows the file is read ahead if it is no more than this: then fields may come after it, as browsers send their submit button. */
const MAX_AHEAD_BYTES = 1024 * 1024;
const FILE = "file";
const END = Buffer.from("--\r\n");
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Reads the fields; resolves when the file begins. Throws `MalformedPOSTRequest`, `MaxPostPreDataLengthExceeded`, `InvalidArgument`.
 * The caller must pump or destroy the file.
 */
export function readForm(
  raw: Body,
  { boundary, contentLength }: { boundary: string; contentLength: number },
): Promise<Form> {
  const reader = new FormReader(raw, Buffer.from(`\r\n--${boundary}`, "latin1"), contentLength);
  return reader.read();
}

type State = "preamble" | "delimiter" | "head" | "field" | "ahead" | "file" | "end";

class FormReader {
  readonly #raw: Body;
  readonly #delimiter: Buffer;
  readonly #contentLength: number;
  readonly #fields = new Map<string, string>();
  readonly #opened = Promise.withResolvers<Form>();
  readonly #fileTake = Promise.withResolvers<Take>();
  #state: State = "preamble";
  /** What was read and not yet understood. It begins as if a line had ended: the first delimiter then looks like all others. */
  #pending: Buffer = Buffer.from("\r\n");
  /** Bytes of the request before `#pending`. */
  #consumed = -2;
  #part: FormPart = { name: "", fileName: "" };
  #fieldsBytes = 0;
  #ahead = EMPTY;
  #aheadBytes = 0;
  #fileBytes = 0;
  #sizeBytes = 0;
  #done: Promise<void> = Promise.resolve();

  constructor(raw: Body, delimiter: Buffer, contentLength: number) {
    this.#raw = raw;
    this.#delimiter = delimiter;
    this.#contentLength = contentLength;
  }

  async read(): Promise<Form> {
    const pumped = this.#raw.pump((piece) => this.#take(piece)).then(() => this.#finish());
    // Whoever pumps the file hears of it; before there is one, whoever waits for it.
    pumped.catch((error: unknown) => this.#opened.reject(error));
    this.#done = pumped;
    return await this.#opened.promise;
  }

  #take(piece: Uint8Array): void | Promise<void> {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (this.#state === "ahead") return this.#keepAhead(bytes);
    this.#pending = this.#pending.byteLength === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#step());
    return this.#state === "file" ? this.#passOn() : undefined;
  }

  /** Understands one thing of what is pending; false if more must come first, or the rest is the file's. */
  #step(): boolean {
    switch (this.#state) {
      case "preamble":
        return this.#skipTo("delimiter", MAX_HEAD_BYTES);
      case "delimiter":
        return this.#afterDelimiter();
      case "head":
        return this.#head();
      case "field":
        return this.#field();
      default:
        return false;
    }
  }

  #skipTo(next: State, maxBytes: number): boolean {
    const at = this.#pending.indexOf(this.#delimiter);
    if (at < 0) {
      if (this.#pending.byteLength > maxBytes) throw malformed();
      return false;
    }
    this.#consume(at + this.#delimiter.byteLength);
    this.#state = next;
    return true;
  }

  #afterDelimiter(): boolean {
    if (this.#pending.byteLength < 2) return false;
    // The form ended, and there was no file in it.
    if (this.#pending.toString("latin1", 0, 2) === "--") throw noFile();
    if (this.#pending.toString("latin1", 0, 2) !== "\r\n") throw malformed();
    this.#consume(2);
    this.#state = "head";
    return true;
  }

  #head(): boolean {
    const at = this.#pending.indexOf("\r\n\r\n");
    if (at > MAX_HEAD_BYTES || (at < 0 && this.#pending.byteLength > MAX_HEAD_BYTES)) {
      throw s3Error("MaxPostPreDataLengthExceeded");
    }
    if (at < 0) return false;
    const part = parsePartHead(this.#pending.toString("utf8", 0, at));
    if (!part) throw malformed();
    this.#fieldsBytes += at;
    this.#consume(at + 4);
    this.#part = part;
    if (part.name !== FILE) this.#state = "field";
    else this.#openFile();
    return true;
  }

  #field(): boolean {
    const at = this.#pending.indexOf(this.#delimiter);
    const valueBytes = at < 0 ? this.#pending.byteLength - this.#delimiter.byteLength : at;
    if (valueBytes > MAX_FIELD_BYTES || this.#fieldsBytes + valueBytes > MAX_FIELDS_BYTES) {
      throw s3Error("MaxPostPreDataLengthExceeded");
    }
    if (at < 0) return false;
    const { name } = this.#part;
    if (this.#fields.has(name)) {
      throw s3Error("InvalidArgument", {
        message: `The form field ${name} is given twice.`,
        fields: { ArgumentName: name },
      });
    }
    this.#fields.set(name, this.#pending.toString("utf8", 0, at));
    this.#fieldsBytes += at;
    this.#consume(at + this.#delimiter.byteLength);
    this.#state = "delimiter";
    return true;
  }

  #openFile(): void {
    const rest = this.#contentLength - this.#consumed;
    if (rest <= MAX_AHEAD_BYTES) {
      this.#state = "ahead";
      this.#ahead = Buffer.allocUnsafe(Math.max(rest, 0));
      this.#keepAhead(this.#pending);
      return;
    }
    this.#state = "file";
    this.#sizeBytes = rest - this.#delimiter.byteLength - END.byteLength;
    const body: Body = {
      pump: async (take) => {
        this.#fileTake.resolve(take);
        await this.#done;
      },
      destroy: (reason) => this.#raw.destroy(reason),
    };
    this.#openedWith(body, this.#sizeBytes);
  }

  // Copied to its place at once: joining pieces anew with every byte that a slow client sends would cost the square of them.
  #keepAhead(bytes: Buffer): void {
    if (this.#aheadBytes + bytes.byteLength > this.#ahead.byteLength) throw malformed();
    this.#ahead.set(bytes, this.#aheadBytes);
    this.#aheadBytes += bytes.byteLength;
  }

  /** The whole rest of the form: the file ends where its delimiter is, and what follows is ignored, as S3 does. */
  #fileAhead(): Buffer {
    const rest = this.#ahead.subarray(0, this.#aheadBytes);
    const at = rest.indexOf(this.#delimiter);
    const end = at + this.#delimiter.byteLength;
    const next = rest.toString("latin1", end, end + 2);
    if (at < 0 || (next !== "--" && next !== "\r\n")) throw malformed();
    return rest.subarray(0, at);
  }

  /** Gives on what is surely the file's. A piece whose end might be the beginning of the delimiter keeps that end back. */
  #passOn(): void | Promise<void> {
    const pending = this.#pending;
    const at = pending.indexOf(this.#delimiter);
    const end = at < 0 ? pending.byteLength - this.#heldBack(pending) : at;
    this.#fileBytes += end;
    if (at >= 0 ? this.#fileBytes !== this.#sizeBytes : this.#fileBytes > this.#sizeBytes) {
      throw notLast();
    }
    this.#pending = at < 0 ? pending.subarray(end) : pending.subarray(at + this.#delimiter.length);
    if (at >= 0) this.#state = "end";
    if (end === 0) return undefined;
    const bytes = pending.subarray(0, end);
    return this.#fileTake.promise.then((take) => take(bytes));
  }

  #heldBack(bytes: Buffer): number {
    const at = bytes.lastIndexOf("\r");
    const length = bytes.byteLength - at;
    if (at < 0 || length >= this.#delimiter.byteLength) return 0;
    return bytes.subarray(at).equals(this.#delimiter.subarray(0, length)) ? length : 0;
  }

  /** The request has ended. */
  #finish(): void {
    if (this.#state === "ahead") {
      const bytes = this.#fileAhead();
      this.#openedWith(bodyOfBytes(bytes), bytes.byteLength);
      return;
    }
    if (this.#state !== "end") throw malformed();
    if (!this.#pending.equals(END)) throw notLast();
  }

  #openedWith(body: Body, sizeBytes: number): void {
    this.#opened.resolve({ fields: this.#fields, file: { ...this.#part, body, sizeBytes } });
  }

  #consume(bytes: number): void {
    this.#consumed += bytes;
    this.#pending = bytes === this.#pending.byteLength ? EMPTY : this.#pending.subarray(bytes);
  }
}

function malformed() {
  return s3Error("MalformedPOSTRequest");
}

function notLast() {
  return s3Error("MalformedPOSTRequest", {
    message:
      "A large file must be the last part of the form, and the form must end as RFC 2046 has it.",
  });
}

function noFile() {
  return s3Error("InvalidArgument", {
    message: "POST requires exactly one file upload per request.",
    fields: { ArgumentName: "file", ArgumentValue: 0 },
  });
}
