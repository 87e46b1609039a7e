/** Opening an object of format 1 in any of its layouts, whole or a range of it (docs/format-1.md §1). */
import { createSecretKey, type KeyObject } from "node:crypto";
import type { ByteRange } from "@s3eg/shared/contracts/crypto.ts";
import { Fault, isFault } from "@s3eg/shared/faults.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";
import { type Body, collectBody } from "@s3eg/shared/http/body.ts";
import { legacyAads } from "@s3eg/shared/legacy/legacy-aad.ts";
import {
  type ChunkRun,
  openChunks,
  plainBytesOf,
  planChunks,
} from "@s3eg/shared/legacy/legacy-chunks.ts";
import { parseLegacyManifest, partsOfObject } from "@s3eg/shared/legacy/legacy-manifest.ts";
import { chunkNonces, partNonces } from "@s3eg/shared/legacy/legacy-nonces.ts";
import {
  type LegacyChunks,
  type LegacyKeySource,
  type LegacyObject,
  type LegacySeal,
  legacyChunksOf,
  legacyObjectOf,
  legacySealOf,
} from "@s3eg/shared/legacy/legacy-object.ts";
import { resolveRange } from "@s3eg/shared/s3/range.ts";
import { gunzippedBody } from "./gunzipped-body.ts";
import { frontOf } from "./legacy-front.ts";
import { type VerifiedMessage, verifyMessage } from "./legacy-message.ts";
import type { LegacyStored } from "./legacy-stored.ts";

/** What writers authenticated where a client sent no type. */
const UNSENT_TYPES = ["application/octet-stream", "binary/octet-stream"];
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** What opening needs besides the object. */
export interface LegacyRooms {
  /** The keys that may be the data key of something sealed with `suite`; the caller wipes them. */
  dataKeys(source: LegacyKeySource, suite: SuiteNumber): Promise<Uint8Array[]>;
  /** Content types to try where none is recorded (`legacy.content_types`). */
  readonly contentTypes: readonly string[];
  /** Objects that were sealed with no associated data are opened. */
  readonly acceptsForgeable: boolean;
}

/** An object, its layout understood and its key at hand: what is read of it is verified on the way. */
export interface OpenedLegacy {
  /** Size of the plaintext. */
  readonly size: number;
  /** The plaintext from `start` to `end`, exclusive. */
  read(start: number, end: number): Promise<Body>;
}

/** Opens the object. `crypto.integrity` for one that makes no sense or does not verify; faults of `keys` for keys that are not there. */
export async function openLegacy(rooms: LegacyRooms, stored: LegacyStored): Promise<OpenedLegacy> {
  const legacy = legacyObjectOf(stored.headers);
  if (!legacy) throw new Fault("crypto.not-sealed", "object has no mark of format 1");
  const opened = await openLayout(rooms, stored, legacy);
  const recorded = legacy.layout === "multipart" ? undefined : legacy.seal.originalSize;
  if (recorded === undefined || recorded === opened.size) return opened;
  throw new Fault("crypto.integrity", "stored object does not have its recorded size: it was cut");
}

/** What a client asked for of an opened object. */
export async function legacyRange(
  opened: OpenedLegacy,
  range: ByteRange | undefined,
): Promise<{ size: number; range: { offset: number; length: number }; body: Body }> {
  const { size } = opened;
  const wanted = range ? resolveRange(range, size) : { offset: 0, length: size };
  const body = await opened.read(wanted.offset, wanted.offset + wanted.length);
  return { size, range: wanted, body };
}

async function openLayout(
  rooms: LegacyRooms,
  stored: LegacyStored,
  legacy: LegacyObject,
): Promise<OpenedLegacy> {
  switch (legacy.layout) {
    case "chunked": {
      const { seal, chunks } = legacy;
      return await openChunked(rooms, stored, { seal, chunks, front: 0 });
    }
    case "front": {
      const front = await frontOf((start, end) => stored.read(start, end), stored.storedBytes);
      const seal = legacySealOf(front.metadata);
      const chunks = legacyChunksOf(front.metadata);
      return await openChunked(rooms, stored, { seal, chunks, front: front.bytes });
    }
    case "inner":
      return await openInner(rooms, stored, legacy.seal);
    case "single": {
      const { message } = await verified(rooms, stored, { seal: legacy.seal, isInner: false });
      return payloadOf(message, { front: 0, seal: legacy.seal });
    }
    default:
      return await openMultipart(rooms, stored);
  }
}

async function openChunked(
  rooms: LegacyRooms,
  stored: LegacyStored,
  { seal, chunks, front }: { seal: LegacySeal; chunks: LegacyChunks; front: number },
): Promise<OpenedLegacy> {
  const { chunkBytes } = chunks;
  const plainBytes = plainBytesOf(stored.storedBytes - front, chunkBytes);
  const runs = [{ plainBytes, chunkBytes, nonceOf: chunkNonces(chunks) }];
  const read = (start: number, end: number) => stored.read(front + start, front + end);
  const keys = secretKeys(await rooms.dataKeys(seal.key, seal.suite));
  const withKey = (key: KeyObject) => openedRuns(runs, read, { suite: seal.suite, key });
  return withKey(await theRightKey(keys, async (key) => await drain(withKey(key), chunkBytes)));
}

function openedRuns(
  runs: readonly ChunkRun[],
  read: (start: number, end: number) => Promise<Body>,
  cipher: { readonly suite: LegacySeal["suite"]; readonly key: KeyObject },
): OpenedLegacy {
  return {
    size: runs.reduce((sum, { plainBytes }) => sum + plainBytes, 0),
    async read(start, end) {
      const plan = planChunks(runs, { offset: start, length: end - start });
      return openChunks(await read(plan.stored.start, plan.stored.end), plan, cipher);
    },
  };
}

/** Objects under a password don't say which: the first chunk tells, where there is more than one. */
async function theRightKey(
  keys: readonly KeyObject[],
  opens: (key: KeyObject) => Promise<void>,
): Promise<KeyObject> {
  const [first, ...others] = keys;
  if (!first) throw new Fault("keys.unknown-key", "there is no key for the object");
  if (others.length === 0) return first;
  for (const key of keys) {
    try {
      await opens(key);
      return key;
    } catch (error) {
      if (!isFault(error, "crypto.integrity")) throw error;
    }
  }
  throw new Fault("crypto.integrity", "object opens under none of the passwords");
}

async function drain(opened: OpenedLegacy, bytes: number): Promise<void> {
  const body = await opened.read(0, Math.min(bytes, opened.size));
  await body.pump(() => undefined);
}

/** Some objects were authenticated with a Content-Type that is recorded nowhere: what is likely is tried first, then what is common. */
async function verified(
  rooms: LegacyRooms,
  stored: LegacyStored,
  { seal, isInner }: { seal: LegacySeal; isInner: boolean },
): Promise<{ message: VerifiedMessage; keys: readonly KeyObject[] }> {
  const { suite, nonce } = seal;
  const keys = secretKeys(await rooms.dataKeys(seal.key, seal.suite));
  const acceptsNone = !isInner && (seal.isMarkedNoAad || rooms.acceptsForgeable);
  const verify = async (contentTypes: readonly string[]) => {
    const aads = legacyAads(seal, { contentTypes, hasKeyVersion: !isInner, acceptsNone });
    const ciphers = keys.flatMap((key) => aads.map((aad) => ({ suite, key, nonce, aad })));
    return await verifyMessage(stored, ciphers);
  };
  const own = stored.headers["x-amz-meta-content-type"] ?? stored.headers["content-type"] ?? "";
  try {
    return { message: await verify([own, "", ...UNSENT_TYPES]), keys };
  } catch (error) {
    const isOpen = seal.contentType === undefined && isFault(error, "crypto.integrity");
    if (!isOpen) throw error;
    return { message: await verify(rooms.contentTypes), keys };
  }
}

/** F5, F6: metadata and payload in one message; the payload may be chunks under the same key. */
async function openInner(
  rooms: LegacyRooms,
  stored: LegacyStored,
  seal: LegacySeal,
): Promise<OpenedLegacy> {
  const { message, keys } = await verified(rooms, stored, { seal, isInner: true });
  const front = await frontOf((start, end) => message.read(start, end), message.plainBytes);
  if (front.metadata.get("encryption-chunked") !== "true") {
    const inner = { ...seal, isGzip: front.metadata.get("compression-enabled") === "true" };
    return payloadOf(message, { front: front.bytes, seal: inner });
  }
  const chunks = legacyChunksOf(front.metadata);
  const { chunkBytes } = chunks;
  const plainBytes = plainBytesOf(message.plainBytes - front.bytes, chunkBytes);
  const runs = [{ plainBytes, chunkBytes, nonceOf: chunkNonces(chunks) }];
  const read = (start: number, end: number) => message.read(front.bytes + start, front.bytes + end);
  const withKey = (key: KeyObject) => openedRuns(runs, read, { suite: seal.suite, key });
  return withKey(await theRightKey(keys, async (key) => await drain(withKey(key), chunkBytes)));
}

function payloadOf(
  message: VerifiedMessage,
  { front, seal }: { front: number; seal: LegacySeal },
): OpenedLegacy {
  if (!seal.isGzip) {
    const size = message.plainBytes - front;
    return { size, read: async (start, end) => await message.read(front + start, front + end) };
  }
  const size = seal.originalSize;
  if (size === undefined) {
    throw new Fault("crypto.integrity", "compressed object has no recorded size");
  }
  return {
    size,
    read: async (start, end) =>
      gunzippedBody(await message.read(front, message.plainBytes), size, { start, end }),
  };
}

async function openMultipart(rooms: LegacyRooms, stored: LegacyStored): Promise<OpenedLegacy> {
  const companion = await stored.companion();
  if (legacyObjectOf(companion.headers)?.layout === "multipart") {
    throw new Fault("crypto.integrity", "manifest of the multipart object is one itself");
  }
  const { size, read } = await openLegacy(rooms, companion);
  const tooLarge = () => new Fault("crypto.integrity", "manifest of the object is too large");
  if (size > MAX_MANIFEST_BYTES) throw tooLarge();
  const json = await collectBody(await read(0, size), MAX_MANIFEST_BYTES, tooLarge);
  const manifest = parseLegacyManifest(json);
  const { chunkBytes, suite } = manifest;
  const [dataKey] = await rooms.dataKeys(manifest.key, suite);
  if (!dataKey) throw new Fault("keys.unknown-key", "there is no key for the object");
  const nonces = partNonces({ ...manifest, dataKey });
  const runs = partsOfObject(manifest, stored.storedBytes).map(({ plainBytes, partNumber }) => ({
    plainBytes,
    chunkBytes,
    nonceOf: nonces(partNumber),
  }));
  const [key] = secretKeys([dataKey]);
  if (!key) throw new Fault("keys.unknown-key", "there is no key for the object");
  return openedRuns(runs, (start, end) => stored.read(start, end), { suite, key });
}

function secretKeys(keys: readonly Uint8Array[]): KeyObject[] {
  return keys.map((bytes) => {
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return key;
  });
}
