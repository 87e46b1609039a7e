/** What opening objects of format 1 is tried with: rooms with given keys, and objects to open in them. */
import assert from "node:assert/strict";
import type { LegacyKeySource } from "@s3eg/shared/legacy/legacy-object.ts";
import { type LegacyRooms, openLegacy } from "../../src/legacy/open-legacy.ts";
import {
  aadOf,
  bytesOfBody,
  CHUNK,
  DATA_KEY,
  headersOf,
  MemoryStored,
  manifestOf,
  patterned,
  sealed,
} from "./sealed-legacy.ts";

/** A key of something else. */
export const OTHER_KEY = Buffer.alloc(32, 9);
export const integrity = { code: "crypto.integrity" };
/** What most objects hold. */
export const plain = patterned(2 * CHUNK + 100);

/** Rooms with these keys, that note who asked for which. */
export function rooms(wish: Partial<LegacyRooms> = {}, ...keys: Buffer[]) {
  const asked: LegacyKeySource[] = [];
  const given = keys.length > 0 ? keys : [DATA_KEY];
  const all: LegacyRooms = {
    async dataKeys(source) {
      asked.push(source);
      return await Promise.resolve(given.map((key) => Buffer.from(key)));
    },
    contentTypes: [],
    acceptsForgeable: false,
    ...wish,
  };
  return { all, asked };
}

/** Headers of an object in chunks. */
export const chunkedHeaders = (wish: Record<string, string> = {}) =>
  headersOf({ "encryption-chunked": "true", "encryption-manifest": manifestOf(), ...wish });

/** An object of one message. */
export function single(bytes: Buffer, wish: Record<string, string | undefined> = {}) {
  const headers = headersOf({ "encryption-original-size": String(bytes.length), ...wish });
  return new MemoryStored(sealed(bytes, { aad: aadOf(headers) }), headers);
}

/** Asserts that an object opens whole and in ranges. */
export async function assertOpens(stored: MemoryStored, expected = plain, with_ = rooms()) {
  const opened = await openLegacy(with_.all, stored);
  assert.equal(opened.size, expected.length);
  const size = expected.length;
  for (const [start, end] of [
    [0, size],
    [0, 1],
    [size >> 1, (size >> 1) + 3],
    [size - 1, size],
  ] as const) {
    const bytes = await bytesOfBody(await opened.read(start, end));
    assert.ok(bytes.equals(expected.subarray(start, end)), `${start}-${end}`);
  }
}
