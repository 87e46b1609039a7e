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

type ReadBytes = OpenedLegacy["read"];

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
  const bytes = stored.storedBytes;
  const read: ReadBytes = (start, end) => stored.read(start, end);
  switch (legacy.layout) {
    case "chunked": {
      const keys = await keysOf(rooms, legacy.seal);
      return await openChunked({ read, bytes, front: 0 }, { ...legacy, keys });
    }
    case "front": {
      const front = await frontOf(read, bytes);
      const seal = legacySealOf(front.metadata);
      const chunks = legacyChunksOf(front.metadata);
      const keys = await keysOf(rooms, seal);
      return await openChunked({ read, bytes, front: front.bytes }, { seal, chunks, keys });
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

/** Opens the chunks that follow the first `front` of `bytes` bytes. */
async function openChunked(
  { read, bytes, front }: { read: ReadBytes; bytes: number; front: number },
  { seal, chunks, keys }: { seal: LegacySeal; chunks: LegacyChunks; keys: readonly KeyObject[] },
): Promise<OpenedLegacy> {
  const { chunkBytes } = chunks;
  const plainBytes = plainBytesOf(bytes - front, chunkBytes);
  const runs = [{ plainBytes, chunkBytes, nonceOf: chunkNonces(chunks) }];
  const behind: ReadBytes = (start, end) => read(front + start, front + end);
  const withKey = (key: KeyObject) => openedRuns(runs, behind, { suite: seal.suite, key });
  const opens = async (key: KeyObject) => {
    const { size, read: readPlain } = withKey(key);
    await (await readPlain(0, Math.min(chunkBytes, size))).pump(() => undefined);
  };
  return withKey(await theRightKey(keys, opens));
}

function openedRuns(
  runs: readonly ChunkRun[],
  read: ReadBytes,
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
  if (!first) throw noKey();
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

/** Some objects were authenticated with a Content-Type that is recorded nowhere: what is likely is tried first, then what is common. */
async function verified(
  rooms: LegacyRooms,
  stored: LegacyStored,
  { seal, isInner }: { seal: LegacySeal; isInner: boolean },
): Promise<{ message: VerifiedMessage; keys: readonly KeyObject[] }> {
  const { suite, nonce } = seal;
  const keys = await keysOf(rooms, seal);
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
    if (seal.contentType !== undefined || !isFault(error, "crypto.integrity")) throw error;
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
  const read: ReadBytes = (start, end) => message.read(start, end);
  const front = await frontOf(read, message.plainBytes);
  if (front.metadata.get("encryption-chunked") !== "true") {
    const inner = { ...seal, isGzip: front.metadata.get("compression-enabled") === "true" };
    return payloadOf(message, { front: front.bytes, seal: inner });
  }
  const source = { read, bytes: message.plainBytes, front: front.bytes };
  return await openChunked(source, { seal, chunks: legacyChunksOf(front.metadata), keys });
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
  if (!dataKey) throw noKey();
  const nonces = partNonces({ ...manifest, dataKey });
  const runs = partsOfObject(manifest, stored.storedBytes).map(({ plainBytes, partNumber }) => ({
    plainBytes,
    chunkBytes,
    nonceOf: nonces(partNumber),
  }));
  const key = secretKeyOf(dataKey);
  return openedRuns(runs, (start, end) => stored.read(start, end), { suite, key });
}

function noKey(): Fault {
  return new Fault("keys.unknown-key", "there is no key for the object");
}

async function keysOf(rooms: LegacyRooms, { key, suite }: LegacySeal): Promise<KeyObject[]> {
  return (await rooms.dataKeys(key, suite)).map(secretKeyOf);
}

function secretKeyOf(bytes: Uint8Array): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
