/**
 * Names on the wire: request targets, keys, query strings and bucket names. Keys are bytes (S3 API, "Object key names"): they are
 * percent-decoded exactly once and never normalised, so that `a//b`, `./x`, `..` and a trailing `/` name what they say.
 */
import { Fault } from "../faults.ts";

/** A request target taken apart. */
export interface Target {
  /** As on the wire, percent-encoded, from the leading `/` up to the query. */
  readonly rawPath: string;
  /** As on the wire, without the `?`; `""` when there is none. */
  readonly rawQuery: string;
  /** `""` for service-level requests. Decoded, not judged: see `isValidBucketName`. */
  readonly bucket: string;
  /** `""` for bucket-level requests. */
  readonly key: string;
}

/**
 * Takes a request target apart. With `bucketOfHost` (virtual-host style) the whole path is the key. Throws `input.invalid-uri` for
 * anything but an origin-form target whose path is valid percent-encoded UTF-8.
 */
export function decodeTarget(rawUrl: string, bucketOfHost?: string): Target {
  if (!ORIGIN_FORM.test(rawUrl)) throw invalidUri("request target is not an absolute path");
  const queryStart = rawUrl.indexOf("?");
  const rawPath = queryStart < 0 ? rawUrl : rawUrl.slice(0, queryStart);
  const rawQuery = queryStart < 0 ? "" : rawUrl.slice(queryStart + 1);
  if (bucketOfHost !== undefined) {
    return { rawPath, rawQuery, bucket: bucketOfHost, key: decodeComponent(rawPath.slice(1)) };
  }
  const bucketEnd = rawPath.indexOf("/", 1);
  const bucket = decodeComponent(rawPath.slice(1, bucketEnd < 0 ? undefined : bucketEnd));
  const key = bucketEnd < 0 ? "" : decodeComponent(rawPath.slice(bucketEnd + 1));
  return { rawPath, rawQuery, bucket, key };
}

/**
 * The decoded parameters of a query string, in order; a bare `acl` has the value `""`. `+` is a space, as S3 servers read it.
 * Throws `input.invalid-uri` when a parameter is not valid percent-encoded UTF-8.
 */
export function parseQuery(rawQuery: string): [name: string, value: string][] {
  const parameters: [string, string][] = [];
  for (const part of rawQuery.split("&")) {
    if (part === "") continue;
    const nameEnd = part.indexOf("=");
    const name = nameEnd < 0 ? part : part.slice(0, nameEnd);
    const value = nameEnd < 0 ? "" : part.slice(nameEnd + 1);
    parameters.push([decodeComponent(plusToSpace(name)), decodeComponent(plusToSpace(value))]);
  }
  return parameters;
}

/** A query string of parameters in the order given, encoded as SigV4 wants it; `acl=` for an empty value, which servers read as `acl`. */
export function encodeQuery(
  parameters: readonly (readonly [name: string, value: string])[],
): string {
  let query = "";
  for (const [name, value] of parameters) {
    query += `${query === "" ? "" : "&"}${encodeComponent(name)}=${encodeComponent(value)}`;
  }
  return query;
}

/** A key as path: its UTF-8 bytes percent-encoded once, all but RFC 3986 unreserved characters and `/`. */
export function encodeKey(key: string): string {
  return UNRESERVED_OR_SLASH.test(key) ? key : encodeComponent(key).replaceAll("%2F", "/");
}

/**
 * A key, prefix, marker or delimiter in a listing with `encoding-type=url`. A space is `%20`, not `+`: every client decodes that
 * right, also those that do not read `+` as a space.
 */
export function encodeListingKey(key: string): string {
  return encodeKey(key);
}

/** Percent-encodes everything but RFC 3986 unreserved characters. A lone surrogate throws `input.invalid-uri`. */
export function encodeComponent(text: string): string {
  if (UNRESERVED.test(text)) return text;
  try {
    return encodeURIComponent(text).replace(/[!'()*]/g, percentEncodeCharacter);
  } catch (cause) {
    throw invalidUri("name is not well-formed Unicode", cause);
  }
}

/**
 * Re-encodes what arrived percent-encoded so that each byte has its one canonical form: upper-case hex, nothing unreserved
 * encoded, everything else encoded (`/` too). Works on bytes, so names that are not UTF-8 keep theirs.
 */
export function recodeComponent(encoded: string): string {
  if (UNRESERVED.test(encoded)) return encoded;
  let recoded = "";
  for (const byte of percentDecode(encoded)) recoded += ENCODED_BYTES[byte];
  return recoded;
}

/** The same for a path: `/` separates and stays as it is. */
export function recodePath(rawPath: string): string {
  return UNRESERVED_OR_SLASH.test(rawPath)
    ? rawPath
    : rawPath.split("/").map(recodeComponent).join("/");
}

/** True for a name that S3's rules allow (S3 user guide, "General purpose bucket naming rules"), reserved prefixes and suffixes aside. */
export function isValidBucketName(name: string): boolean {
  return BUCKET_NAME.test(name) && !name.includes("..") && !IPV4.test(name);
}

/** The longest key S3 takes, in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/** True unless the key is longer than `MAX_KEY_BYTES`. */
export function isKeyLengthAllowed(key: string): boolean {
  return key.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(key) <= MAX_KEY_BYTES;
}

// One character is one byte of the wire, so up to U+00FF; no space, no control character, no fragment.
const ORIGIN_FORM = /^\/[\x21\x22\x24-\x7e\x80-\xff]*$/;
const UNRESERVED = /^[A-Za-z0-9._~-]*$/;
const UNRESERVED_OR_SLASH = /^[A-Za-z0-9._~/-]*$/;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

const ENCODED_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return UNRESERVED.test(character) ? character : percentEncodeCharacter(character);
});

function decodeComponent(encoded: string): string {
  if (UNRESERVED.test(encoded)) return encoded;
  try {
    // Raw bytes above ASCII arrive as latin-1 characters; decodeURIComponent would take them for code points.
    return ASCII.test(encoded)
      ? decodeURIComponent(encoded)
      : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(percentDecode(encoded));
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw invalidUri("request target is not percent-encoded UTF-8", cause);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ASCII = /^[\x00-\x7f]*$/;

function percentDecode(encoded: string): Buffer {
  const bytes = Buffer.from(encoded, "latin1");
  let size = 0;
  for (let at = 0; at < bytes.length; at++, size++) {
    if (bytes[at] !== PERCENT) {
      bytes[size] = bytes[at] as number;
      continue;
    }
    const high = HEX_DIGITS.indexOf(encoded.charAt(at + 1).toLowerCase() || "?");
    const low = HEX_DIGITS.indexOf(encoded.charAt(at + 2).toLowerCase() || "?");
    if (high < 0 || low < 0) {
      throw invalidUri("percent sign without two hex digits in the request target");
    }
    bytes[size] = high * 16 + low;
    at += 2;
  }
  return bytes.subarray(0, size);
}

const PERCENT = 0x25;
const HEX_DIGITS = "0123456789abcdef";

function plusToSpace(text: string): string {
  return text.includes("+") ? text.replaceAll("+", "%20") : text;
}

function percentEncodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function invalidUri(message: string, cause?: unknown): Fault {
  return new Fault("input.invalid-uri", message, { cause });
}
