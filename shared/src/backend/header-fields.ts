/** HTTP/1.1 header fields: what may be sent, and how repeated ones of an answer become one (RFC 9110 §5). */
import { Fault } from "../faults.ts";
import type { HeaderFields } from "./backend.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Everything but control characters and what is not latin-1 (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e]+$/;

/** Fields of which the first counts when a server repeats them; a list would make them unreadable. */
const FIRST_COUNTS = new Set([
  "age",
  "content-type",
  "date",
  "etag",
  "expires",
  "last-modified",
  "location",
  "retry-after",
  "server",
]);

/** Fields that decide where a message or a range ends: repeated, they cannot be trusted. */
const NEVER_REPEATED = new Set(["content-length", "content-range", "transfer-encoding"]);

/** True if `name` is a field name as RFC 9110 §5.1 has it. */
export function isFieldName(name: string): boolean {
  return TOKEN.test(name);
}

/** True if `value` may stand in a field: latin-1, no line break, no other control character but tab. */
export function isFieldValue(value: string): boolean {
  return VALUE.test(value);
}

/** Adds a received field to `fields`. Returns false for one that must not be repeated. Names are lower-cased. */
export function addField(fields: Map<string, string>, name: string, value: string): boolean {
  const key = name.toLowerCase();
  const present = fields.get(key);
  if (present === undefined) fields.set(key, value);
  else if (NEVER_REPEATED.has(key)) return false;
  else if (!FIRST_COUNTS.has(key)) fields.set(key, `${present}, ${value}`);
  return true;
}

/** The head of a request as bytes. Throws `input.invalid` on anything that could end a line or cannot be a latin-1 byte. */
export function requestHead(method: string, target: string, headers: HeaderFields): Buffer {
  if (!TOKEN.test(method) || !TARGET.test(target)) {
    throw new Fault("input.invalid", "method or target of a backend request is not allowed");
  }
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    checkField(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, "latin1");
}

/** Throws `input.invalid` if a header of `headers` could break out of its line. */
export function checkFields(headers: HeaderFields): void {
  for (const [name, value] of Object.entries(headers)) checkField(name, value);
}

function checkField(name: string, value: string): void {
  if (!TOKEN.test(name)) {
    throw new Fault("input.invalid", "name of a header field is not allowed");
  }
  if (!VALUE.test(value)) {
    throw new Fault("input.invalid", `value of header field "${name}" is not allowed`);
  }
}
