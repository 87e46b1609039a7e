/**
 * Asking `keys` for data keys, and believing nothing it (or whoever answers in its place) says: commitment, MAC and place are
 * checked here before a key is used.
 */
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import {
  issueDataKey,
  type Place,
  unwrapDataKey,
  unwrapLegacyKey,
} from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import { decodeHeader, encodeHeader, type ObjectHeader } from "@s3eg/shared/format/header.ts";
import { PROVIDERS, type SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { LegacyKeySource } from "@s3eg/shared/legacy/legacy-object.ts";
import {
  deriveObjectKeys,
  headerMac,
  type ObjectKeys,
  openHeader,
} from "@s3eg/shared/sealing/object-keys.ts";
import { askKeys } from "@s3eg/shared/trust/ask.ts";
import type { AskerSession } from "@s3eg/shared/trust/asker.ts";
import type { z } from "zod";

/** What an object needs of a fresh data key: its derived keys and the header that says how to get them back. */
interface IssuedKeys {
  readonly keys: ObjectKeys;
  /** Value of `x-amz-meta-s3eg`. */
  readonly header: string;
}

/** Data keys for objects. Throws the faults of `keys`, and `crypto.integrity` for an answer that is not what was asked for. */
export interface DataKeys {
  issue(
    object: { place: Place; suite: SuiteNumber; flags: number; size: number | undefined },
    requestId: string,
  ): Promise<IssuedKeys>;
  open(
    sealed: { header: string; place: Place },
    requestId: string,
  ): Promise<{ header: ObjectHeader; keys: ObjectKeys }>;
  /** The keys that may be the data key of an object of format 1, which the caller wipes (docs/format-1.md §4). */
  legacy(source: LegacyKeySource, requestId: string): Promise<Uint8Array[]>;
}

/** Data keys asked over the bus; `session` proves who asks where keys is another process. */
export function dataKeysOf(
  bus: Bus,
  session: AskerSession | undefined,
  now: () => number,
): DataKeys {
  return {
    async issue({ place, suite, flags, size }, requestId) {
      const input = { place, suite, flags };
      const issued = await askKeys(bus, session, { question: issueDataKey, input, requestId });
      const dataKey = Buffer.from(issued.dataKey, "base64");
      const objectId = Buffer.from(issued.objectId, "base64");
      const keys = deriveObjectKeys(dataKey, { objectId, suite, flags });
      dataKey.fill(0);
      if (keys.commitment.toString("base64") !== issued.commitment) {
        throw new Fault("crypto.integrity", "issued data key does not match its commitment");
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
        wrappedKey: Buffer.from(issued.wrappedKey, "base64"),
      };
      return { keys, header: encodeHeader(fields, (macInput) => headerMac(keys, macInput)) };
    },

    async open({ header: value, place }, requestId) {
      // Parsed before anyone is asked: a malformed header costs no question.
      const header = decodeHeader(value);
      const input = { place, header: value };
      const answer = await askKeys(bus, session, { question: unwrapDataKey, input, requestId });
      const dataKey = Buffer.from(answer.dataKey, "base64");
      try {
        return { header, keys: openHeader(header, dataKey) };
      } finally {
        dataKey.fill(0);
      }
    },

    async legacy(source, requestId) {
      const input = { source: wireSource(source) };
      const answer = await askKeys(bus, session, { question: unwrapLegacyKey, input, requestId });
      return answer.dataKeys.map((key) => Buffer.from(key, "base64"));
    },
  };
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
