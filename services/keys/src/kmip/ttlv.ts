/** Binary TTLV (KMIP 2.1 §10.1): tag, type, length, value, padded with zeros to 8 bytes. */
import { isUtf8 } from "node:buffer";
import { Fault } from "@s3eg/shared/faults.ts";
import { type ItemType, type KmipItem, MAX_DEPTH } from "./item.ts";

/** Tag, type and length. */
export const ITEM_HEADER_BYTES = 8;

const TYPE_NUMBERS: Readonly<Record<ItemType, number>> = {
  Structure: 1,
  Integer: 2,
  LongInteger: 3,
  BigInteger: 4,
  Enumeration: 5,
  Boolean: 6,
  TextString: 7,
  ByteString: 8,
  DateTime: 9,
  Interval: 10,
  DateTimeExtended: 11,
};
const TYPE_OF_NUMBER = new Map(
  Object.entries(TYPE_NUMBERS).map(([name, number]) => [number, name as ItemType]),
);
/** Lengths of values that have one. */
const FIXED_BYTES: Partial<Readonly<Record<ItemType, number>>> = {
  Integer: 4,
  Enumeration: 4,
  Interval: 4,
  LongInteger: 8,
  Boolean: 8,
  DateTime: 8,
  DateTimeExtended: 8,
};

/** An item as bytes, which the caller wipes where they hold a secret. */
export function encodeTtlv(item: KmipItem): Buffer {
  const encoded = Buffer.alloc(ITEM_HEADER_BYTES + padded(valueBytes(item)));
  write(item, encoded, 0);
  return encoded;
}

/** The one item that the bytes are, exactly; its byte strings lie in them. `keys.unavailable` if they are none, or nested too deep. */
export function decodeTtlv(encoded: Buffer): KmipItem {
  const { item, end } = readItem(encoded, 0, MAX_DEPTH);
  if (end !== encoded.byteLength) throw unreadable("bytes follow the message");
  return item;
}

/** The bytes of an item's value that its first 8 bytes announce, padding included. */
export function announcedBytes(header: Buffer): number {
  return padded(header.readUInt32BE(4));
}

function valueBytes(item: KmipItem): number {
  switch (item.type) {
    case "Structure":
      return item.value.reduce(
        (sum, child) => sum + ITEM_HEADER_BYTES + padded(valueBytes(child)),
        0,
      );
    case "TextString":
      return Buffer.byteLength(item.value);
    case "ByteString":
    case "BigInteger":
      return item.value.byteLength;
    default:
      return FIXED_BYTES[item.type] ?? 0;
  }
}

/** Writes into zeros; returns where the next item begins. */
function write(item: KmipItem, into: Buffer, at: number): number {
  const length = valueBytes(item);
  into.writeUIntBE(item.tag, at, 3);
  into.writeUInt8(TYPE_NUMBERS[item.type], at + 3);
  into.writeUInt32BE(length, at + 4);
  const valueAt = at + ITEM_HEADER_BYTES;
  switch (item.type) {
    case "Structure": {
      let childAt = valueAt;
      for (const child of item.value) childAt = write(child, into, childAt);
      return childAt;
    }
    case "Integer":
      into.writeInt32BE(item.value, valueAt);
      break;
    case "Enumeration":
    case "Interval":
      into.writeUInt32BE(item.value, valueAt);
      break;
    case "LongInteger":
    case "DateTime":
    case "DateTimeExtended":
      into.writeBigInt64BE(item.value, valueAt);
      break;
    case "Boolean":
      into.writeUInt8(item.value ? 1 : 0, valueAt + 7);
      break;
    case "TextString":
      into.write(item.value, valueAt, "utf8");
      break;
    case "ByteString":
    case "BigInteger":
      into.set(item.value, valueAt);
      break;
  }
  return valueAt + padded(length);
}

function readItem(from: Buffer, at: number, depth: number): { item: KmipItem; end: number } {
  const valueAt = at + ITEM_HEADER_BYTES;
  if (depth === 0) throw unreadable("message is nested too deep");
  if (valueAt > from.byteLength) throw unreadable("item is cut short");
  const tag = from.readUIntBE(at, 3);
  const type = TYPE_OF_NUMBER.get(from.readUInt8(at + 3));
  const length = from.readUInt32BE(at + 4);
  const end = valueAt + padded(length);
  if (type === undefined) throw unreadable("item has no type of KMIP");
  if (end > from.byteLength) throw unreadable("item is longer than what it lies in");
  if (length !== (FIXED_BYTES[type] ?? length)) throw unreadable("item has a wrong length");
  if (from.subarray(valueAt + length, end).some((byte) => byte !== 0)) {
    throw unreadable("padding is not zero");
  }
  return { item: readValue({ tag, type }, from.subarray(valueAt, valueAt + length), depth), end };
}

function readValue(
  { tag, type }: { tag: number; type: ItemType },
  value: Buffer,
  depth: number,
): KmipItem {
  switch (type) {
    case "Structure": {
      const children: KmipItem[] = [];
      for (let at = 0; at < value.byteLength; ) {
        const { item, end } = readItem(value, at, depth - 1);
        children.push(item);
        at = end;
      }
      return { tag, type, value: children };
    }
    case "Integer":
      return { tag, type, value: value.readInt32BE(0) };
    case "Enumeration":
    case "Interval":
      return { tag, type, value: value.readUInt32BE(0) };
    case "LongInteger":
    case "DateTime":
    case "DateTimeExtended":
      return { tag, type, value: value.readBigInt64BE(0) };
    case "Boolean": {
      const number = value.readBigUInt64BE(0);
      if (number > 1n) throw unreadable("boolean is neither true nor false");
      return { tag, type, value: number === 1n };
    }
    case "TextString":
      if (!isUtf8(value)) throw unreadable("text is not UTF-8");
      return { tag, type, value: value.toString("utf8") };
    case "BigInteger":
      if (value.byteLength % 8 !== 0) throw unreadable("item has a wrong length");
      return { tag, type, value };
    case "ByteString":
      return { tag, type, value };
  }
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function unreadable(what: string): Fault {
  return new Fault("keys.unavailable", `the key store's answer cannot be read: ${what}`);
}
