/** Stands in for keys: real data keys and commitments; the "wrapped" key is a number under which it remembers them, with their place. */
import { randomBytes } from "node:crypto";
import type { Bus } from "@s3eg/shared/bus/bus.ts";
import { MemoryBus } from "@s3eg/shared/bus/memory-bus.ts";
import {
  type IssuedDataKey,
  issueDataKey,
  type Place,
  unwrapDataKey,
  unwrapDataKeys,
} from "@s3eg/shared/contracts/keys.ts";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import { decodeHeader } from "@s3eg/shared/format/header.ts";
import type { SuiteNumber } from "@s3eg/shared/format/layout.ts";
import type { Log } from "@s3eg/shared/runtime/log.ts";
import { deriveObjectKeys } from "@s3eg/shared/sealing/object-keys.ts";
import type { DataKeyCache } from "../src/data-key-cache.ts";
import { type DataKeys, dataKeysOf } from "../src/data-keys.ts";

/** A log that keeps its messages. */
export class KeptLog implements Log {
  readonly lines: string[] = [];

  debug(_fields: unknown, message: string): void {
    this.lines.push(message);
  }

  info(fields: unknown, message: string): void {
    this.debug(fields, message);
  }

  warn(fields: unknown, message: string): void {
    this.debug(fields, message);
  }

  error(fields: unknown, message: string): void {
    this.debug(fields, message);
  }

  child(): Log {
    return this;
  }
}

/** Answers in the place of keys; `spoil` changes what it issues. */
export class StandInKeys {
  readonly bus: Bus;
  readonly dataKeys: DataKeys;
  spoil: (issued: IssuedDataKey) => IssuedDataKey = (issued) => issued;
  /** How many questions were asked. */
  asked = 0;
  readonly #known: { readonly dataKey: Buffer; readonly place: Place }[] = [];

  constructor(log: Log = new KeptLog(), cache?: DataKeyCache) {
    this.bus = new MemoryBus({ log });
    this.bus.serve(issueDataKey, async ({ place, suite, flags, keyWish }) => {
      this.asked += 1;
      const issued = this.#issue(place, { suite, flags });
      const { provider = issued.provider, keyId = issued.keyId } = keyWish ?? {};
      return { plain: this.spoil({ ...issued, provider, keyId }) };
    });
    this.bus.serve(unwrapDataKey, async (object) => {
      this.asked += 1;
      return { plain: this.#unwrap(object) };
    });
    this.bus.serve(unwrapDataKeys, async ({ objects }) => {
      this.asked += 1;
      const answers = objects.map((object) => {
        try {
          return this.#unwrap(object);
        } catch (error) {
          return { fault: toWireFault(error) };
        }
      });
      return { plain: { answers } };
    });
    this.dataKeys = dataKeysOf(this.bus, undefined, { now: () => 1_700_000_000_000, cache });
  }

  #unwrap({ place, header }: { place: Place; header: string }): { dataKey: Buffer } {
    const index = Buffer.from(decodeHeader(header).wrappedKey).readUInt32BE();
    const known = this.#known[index];
    const isThere = known?.place.bucket === place.bucket && known.place.key === place.key;
    if (!known || !isThere) throw new Fault("crypto.integrity", "not of this place");
    return { dataKey: Buffer.from(known.dataKey) };
  }

  #issue(place: Place, how: { suite: SuiteNumber; flags: number }): IssuedDataKey {
    const [dataKey, objectId] = [randomBytes(32), randomBytes(32)];
    const { commitment } = deriveObjectKeys(dataKey, { objectId, ...how });
    const wrappedKey = Buffer.alloc(4);
    wrappedKey.writeUInt32BE(this.#known.push({ dataKey: Buffer.from(dataKey), place }) - 1);
    return {
      dataKey,
      objectId,
      commitment,
      provider: "aes",
      keyId: "aes",
      keyVersion: 1,
      wrappedKey,
    };
  }
}
