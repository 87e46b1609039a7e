/**
 * TTLV as JSON (OASIS KMIP profiles, "JSON HTTPS"): `{"tag":…,"type":…,"value":…}`, byte strings in hex. Secrets are written and read as
 * bytes, because strings cannot be wiped.
 */
import { Fault } from "@s3eg/shared/faults.ts";
import { type KmipItem, MAX_DEPTH } from "./item.ts";
import { type LiftedHex, liftHex } from "./lifted-hex.ts";
import { enumerationName, enumerationValue, tagName, tagNumber } from "./tags.ts";

const DIGITS = Buffer.from("0123456789ABCDEF");

/** An item as JSON, which the caller wipes where it holds a secret. */
export function encodeTtlvJson(item: KmipItem): Buffer {
  const pieces: Buffer[] = [];
  write(item, pieces);
  const encoded = Buffer.concat(pieces);
  for (const piece of pieces) piece.fill(0);
  return encoded;
}

/**
 * The item that an answer is. The answer is wiped of every long run of hex digits, and its byte strings are buffers of their own, which
 * the caller wipes. Items of tags and types that are not used here are left out. `keys.unavailable` if it is no such JSON.
 */
export function decodeTtlvJson(answer: Buffer): KmipItem {
  const lifted = liftHex(answer);
  try {
    const item = read(parsed(answer), lifted, MAX_DEPTH);
    if (item === undefined) throw unreadable("no message");
    return item;
  } finally {
    lifted.wipe();
  }
}

function write(item: KmipItem, pieces: Buffer[]): void {
  const { type } = item;
  // Servers read nodes in order: the type must come before the value.
  const head = `{"tag":${JSON.stringify(tagName(item.tag) ?? hex(item.tag, 6))},"type":"${type}","value":`;
  pieces.push(Buffer.from(head));
  if (item.type === "Structure") {
    pieces.push(Buffer.from("["));
    for (const [index, child] of item.value.entries()) {
      if (index > 0) pieces.push(Buffer.from(","));
      write(child, pieces);
    }
    pieces.push(Buffer.from("]}"));
  } else if (item.type === "ByteString") {
    pieces.push(Buffer.from('"'), hexBytes(item.value), Buffer.from('"}'));
  } else {
    pieces.push(Buffer.from(`${JSON.stringify(plainValue(item))}}`));
  }
}

function plainValue(item: Exclude<KmipItem, { type: "Structure" | "ByteString" }>): unknown {
  switch (item.type) {
    case "Enumeration":
      return enumerationName(item.tag, item.value) ?? hex(item.value, 8);
    case "LongInteger":
    case "DateTime":
    case "DateTimeExtended":
      return hex(BigInt.asUintN(64, item.value), 16);
    case "BigInteger":
      return `0x${Buffer.from(item.value).toString("hex")}`;
    default:
      return item.value;
  }
}

function read(node: unknown, lifted: LiftedHex, depth: number): KmipItem | undefined {
  if (depth === 0) throw unreadable("message is nested too deep");
  if (!isNode(node)) throw unreadable("no tag");
  const { value } = node;
  const tag = tagNumber(node.tag);
  const type = node.type ?? "Structure";
  if (type === "Structure") {
    if (!Array.isArray(value)) throw unreadable("structure is no list");
    const children = value.map((child: unknown) => read(child, lifted, depth - 1));
    return { tag, type, value: children.filter((child) => child !== undefined) };
  }
  if (tag === 0) return undefined;
  return readPlain({ tag, type, value }, lifted);
}

function readPlain(
  { tag, type, value }: { tag: number; type: string; value: unknown },
  lifted: LiftedHex,
): KmipItem | undefined {
  if (type === "Integer") return { tag, type, value: int32(value) };
  if (type === "Enumeration") {
    const isName = typeof value === "string" && !value.startsWith("0x");
    const known = isName ? enumerationValue(tag, value) : int32(value);
    return known === undefined ? undefined : { tag, type, value: known };
  }
  if (type === "TextString") {
    if (typeof value !== "string") throw unreadable("text is no text");
    return { tag, type, value: lifted.text(value) };
  }
  if (type !== "ByteString") return undefined;
  const bytes = typeof value === "string" ? lifted.bytes(value) : undefined;
  if (!bytes) throw unreadable("byte string is not hex");
  return { tag, type, value: bytes };
}

function int32(value: unknown): number {
  const number = typeof value === "string" && /^0x[\dA-Fa-f]{8}$/.test(value) ? +value : value;
  if (typeof number !== "number" || !Number.isInteger(number) || Math.abs(number) > 0xffff_ffff) {
    throw unreadable("integer is none");
  }
  return number;
}

interface Node {
  readonly tag: string;
  readonly type?: string;
  readonly value?: unknown;
}

function isNode(node: unknown): node is Node {
  if (typeof node !== "object" || node === null) return false;
  const type = "type" in node ? node.type : undefined;
  const hasType = type === undefined || typeof type === "string";
  return hasType && "tag" in node && typeof node.tag === "string";
}

function parsed(answer: Buffer): unknown {
  try {
    return JSON.parse(answer.toString("utf8"));
  } catch {
    // A parser's message quotes what it read.
    throw unreadable("no JSON");
  }
}

function hex(value: number | bigint, digits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, "0")}`;
}

/** Digits as bytes, which the caller wipes. */
function hexBytes(value: Uint8Array): Buffer {
  const digits = Buffer.alloc(value.byteLength * 2);
  for (const [index, byte] of value.entries()) {
    digits[index * 2] = DIGITS[byte >> 4] ?? 0;
    digits[index * 2 + 1] = DIGITS[byte & 15] ?? 0;
  }
  return digits;
}

function unreadable(what: string): Fault {
  return new Fault("keys.unavailable", `the key store's answer cannot be read: ${what}`);
}
