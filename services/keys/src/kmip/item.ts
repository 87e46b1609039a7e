/** An item of a KMIP message (KMIP 2.1 §10.1): a tag, a type and a value; messages are structures of them. */
import { ENUMERATIONS, type EnumerationTag, TAG, type TagName } from "./tags.ts";

/** Times in seconds (DateTime) or microseconds (DateTimeExtended) since 1970; intervals in seconds; big integers big-endian. */
export type KmipItem = { readonly tag: number } & (
  | { readonly type: "Structure"; readonly value: readonly KmipItem[] }
  | { readonly type: "Integer" | "Enumeration" | "Interval"; readonly value: number }
  | { readonly type: "LongInteger" | "DateTime" | "DateTimeExtended"; readonly value: bigint }
  | { readonly type: "BigInteger" | "ByteString"; readonly value: Uint8Array }
  | { readonly type: "Boolean"; readonly value: boolean }
  | { readonly type: "TextString"; readonly value: string }
);

/** The type of an item by its name. */
export type ItemType = KmipItem["type"];

/** Deeper than any message is nested; both readers refuse more. */
export const MAX_DEPTH = 32;

/** Items in order: KMIP counts on it. */
export function structure(tag: TagName, value: readonly KmipItem[]): KmipItem {
  return { tag: TAG[tag], type: "Structure", value };
}

/** A signed integer of 32 bits. */
export function integer(tag: TagName, value: number): KmipItem {
  return { tag: TAG[tag], type: "Integer", value };
}

/** One of the values that its tag may have. */
export function enumeration<Tag extends EnumerationTag>(
  tag: Tag,
  name: keyof (typeof ENUMERATIONS)[Tag] & string,
): KmipItem {
  const values: Readonly<Record<string, number>> = ENUMERATIONS[tag];
  return { tag: TAG[tag], type: "Enumeration", value: values[name] ?? 0 };
}

/** Text, UTF-8 on the wire. */
export function text(tag: TagName, value: string): KmipItem {
  return { tag: TAG[tag], type: "TextString", value };
}

/** Bytes, not copied. */
export function bytes(tag: TagName, value: Uint8Array): KmipItem {
  return { tag: TAG[tag], type: "ByteString", value };
}

/** The children of the first structure with that tag; none where there is none. */
export function childrenOf(items: readonly KmipItem[], tag: TagName): readonly KmipItem[] {
  const found = items.find((item) => item.tag === TAG[tag]);
  return found?.type === "Structure" ? found.value : [];
}

/** The first number with that tag. */
export function numberOf(items: readonly KmipItem[], tag: TagName): number | undefined {
  const found = items.find((item) => item.tag === TAG[tag]);
  return found?.type === "Integer" || found?.type === "Enumeration" ? found.value : undefined;
}

/** The first text with that tag. */
export function textOf(items: readonly KmipItem[], tag: TagName): string | undefined {
  const found = items.find((item) => item.tag === TAG[tag]);
  return found?.type === "TextString" ? found.value : undefined;
}

/** The first bytes with that tag, not copied. */
export function bytesOf(items: readonly KmipItem[], tag: TagName): Uint8Array | undefined {
  const found = items.find((item) => item.tag === TAG[tag]);
  return found?.type === "ByteString" ? found.value : undefined;
}
