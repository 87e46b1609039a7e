/**
 * Asking `keys` for data keys, and believing nothing it (or whoever answers in its place) says: commitment, MAC and place are
 * checked here before a key is used.
 */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  issueDataKey,
  isWished,
  type KeyWish,
  type Place,
  unwrapDataKey,
  unwrapDataKeys,
  unwrapLegacyKey,
} from "@s3eg/shared/contracts/keys.ts";
import { Fault, fromWireFault } from "@s3eg/shared/faults.ts";
import { decodeHeader, encodeHeader, type ObjectHeader } from "@s3eg/shared/format/header.ts";
import { PROVIDERS, type SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { LegacyKeySource } from "@s3eg/shared/legacy/legacy-object.ts";
import {
  deriveObjectKeys,
  headerMac,
  type ObjectKeys,
  openHeader,
} from "@s3eg/shared/sealing/object-keys.ts";
import { askGuarded } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { z } from "zod";
import { cacheNameOf, type DataKeyCache } from "./data-key-cache.ts";
import { JoinedUnwraps, type Sealed } from "./joined-unwraps.ts";

/** What an object needs of a fresh data key: its derived keys and the header that says how to get them back. */
interface IssuedKeys {
  readonly keys: ObjectKeys;
  /** Value of `x-amz-meta-s3eg`. */
  readonly header: string;
}

/** An object that a data key is made for. */
interface NewObject {
  readonly place: Place;
  readonly suite: SuiteNumber;
  readonly flags: number;
  readonly size: number | undefined;
  /** The key that its policy wants it under; absent: the active one. */
  readonly keyWish?: KeyWish | undefined;
}

/** Data keys for objects. Throws the faults of `keys`, and `crypto.integrity` for an answer that is not what was asked for. */
export interface DataKeys {
  issue(object: NewObject, requestId: string): Promise<IssuedKeys>;
  open(sealed: Sealed, requestId: string): Promise<{ header: ObjectHeader; keys: ObjectKeys }>;
  /** The keys that may be the data key of an object of format 1, which the caller wipes (docs/format-1.md §4). */
  legacy(source: LegacyKeySource, requestId: string): Promise<Uint8Array[]>;
  /**
   * The same data keys for one request that looks at many objects: those that it opens at a time share questions. No request waits for
   * another's objects in this way, whose key stores may be slow.
   */
  together(requestId: string): DataKeys;
}

/** What data keys may be asked with besides the bus. */
export interface DataKeyOptions {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  readonly cache?: DataKeyCache | undefined;
  /** Counts what the cache had and what it had not, by provider. */
  readonly onLookUp?: (what: { provider: string; isHit: boolean }) => void;
}

/** Gives the data key of a header, which the caller wipes. */
type Unwrap = (sealed: Sealed, header: ObjectHeader, requestId: string) => Promise<Uint8Array>;

/** The key of a password's epoch may have to be derived first, after those of all epochs that others asked for (format.md §10). */
const PASSWORD_TIMEOUT_MS = 30_000;

/** Data keys asked over the bus, one question for all who want the same one; `session` proves who asks where keys is another process. */
export function dataKeysOf(
  bus: Bus,
  session: AskerSession | undefined,
  { now, cache, onLookUp }: DataKeyOptions,
): DataKeys {
  const underWay = new Map<string, ReturnType<DataKeys["open"]>>();
  const { unwrapped, unwrappedMany } = unwrapsOver(bus, session);
  const opened = async (
    unwrap: Unwrap,
    { name, sealed, requestId }: { name: string; sealed: Sealed; requestId: string },
  ) => {
    // Parsed before anyone is asked: a malformed header costs no question.
    const header = decodeHeader(sealed.header);
    const kept = cache?.get(name);
    if (cache) onLookUp?.({ provider: header.provider, isHit: kept !== undefined });
    const generation = cache?.generation ?? 0;
    const dataKey = kept ?? (await unwrap(sealed, header, requestId));
    return usedOnce(dataKey, () => {
      const keys = openHeader(header, dataKey);
      if (!kept) cache?.put(name, dataKey, { wrappedUnder: header, generation });
      return { header, keys };
    });
  };
  const openWith =
    (unwrap: Unwrap): DataKeys["open"] =>
    async (sealed, requestId) => {
      const name = cacheNameOf(sealed.header, sealed.place);
      const asked = underWay.get(name) ?? opened(unwrap, { name, sealed, requestId });
      underWay.set(name, asked);
      try {
        return await asked;
      } finally {
        if (underWay.get(name) === asked) underWay.delete(name);
      }
    };
  const all: DataKeys = {
    async issue({ place, suite, flags, size, keyWish }, requestId) {
      const input = { place, suite, flags, ...(keyWish ? { keyWish } : {}) };
      const issued = await askGuarded(bus, session, { question: issueDataKey, input, requestId });
      const { dataKey, objectId, wrappedKey } = issued;
      const keys = usedOnce(dataKey, () => deriveObjectKeys(dataKey, { objectId, suite, flags }));
      if (!keys.commitment.equals(issued.commitment)) {
        throw new Fault("crypto.integrity", "issued data key does not match its commitment");
      }
      // One tenant's object under another's key would be no error that shows later.
      if (!isWished(issued, keyWish)) {
        throw new Fault("crypto.integrity", "issued data key is not under the wished key");
      }
      const fields = {
        suite,
        flags,
        objectId,
        commitment: keys.commitment,
        plaintextSize: size,
        createdAtMs: now(),
        provider: knownProvider(issued.provider),
        keyId: issued.keyId,
        keyVersion: issued.keyVersion,
        wrappedKey,
      };
      return { keys, header: encodeHeader(fields, (macInput) => headerMac(keys, macInput)) };
    },

    open: openWith(unwrapped),

    async legacy(source, requestId) {
      const input = { source: wireSource(source) };
      const answer = await askGuarded(bus, session, {
        question: unwrapLegacyKey,
        input,
        requestId,
      });
      return answer.dataKeys;
    },

    together(requestId) {
      const joined = new JoinedUnwraps((objects) => unwrappedMany(objects, requestId));
      return { ...all, open: openWith((sealed) => joined.unwrap(sealed)) };
    },
  };
  return all;
}

/** Asking keys to unwrap one header, or several that a request looks at. */
function unwrapsOver(bus: Bus, session: AskerSession | undefined) {
  const unwrapped: Unwrap = async ({ place, header }, parsed, requestId) => {
    const asking = { input: { place, header }, requestId, ...waitFor([parsed]) };
    const { dataKey } = await askGuarded(bus, session, { question: unwrapDataKey, ...asking });
    return dataKey;
  };
  const unwrappedMany = async (objects: readonly Sealed[], requestId: string) => {
    const headers = objects.map(({ header }) => decodeHeader(header));
    const [one, parsed] = [objects[0], headers[0]];
    if (one && parsed && objects.length === 1) return [await unwrapped(one, parsed, requestId)];
    const asking = { input: { objects: [...objects] }, requestId, ...waitFor(headers) };
    const { answers } = await askGuarded(bus, session, { question: unwrapDataKeys, ...asking });
    return answers.map((answer) =>
      "dataKey" in answer ? answer.dataKey : fromWireFault(answer.fault),
    );
  };
  return { unwrapped, unwrappedMany };
}

function waitFor(headers: readonly ObjectHeader[]): { timeoutMs?: number } {
  const isDerived = headers.some(({ provider }) => provider === "password");
  return isDerived ? { timeoutMs: PASSWORD_TIMEOUT_MS } : {};
}

/** What comes of a data key, which is wiped whatever happens. */
function usedOnce<Result>(dataKey: Uint8Array, use: () => Result): Result {
  try {
    return use();
  } finally {
    dataKey.fill(0);
  }
}

function knownProvider(name: string) {
  const provider = PROVIDERS.find((known) => known === name);
  if (!provider) throw new Fault("crypto.integrity", "issued data key names an unknown provider");
  return provider;
}

function wireSource(source: LegacyKeySource): z.infer<typeof unwrapLegacyKey.input>["source"] {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  return source.kind === "password"
    ? { ...source, salt: base64(source.salt) }
    : { ...source, wrappedKey: base64(source.wrappedKey) };
}
