/** The handlers of crypto with a backend in memory and a stand-in for keys, asked as edge asks them. */

import { openObject, sealObject } from "@s3eg/shared/contracts/crypto.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import { createMetrics } from "@s3eg/shared/runtime/metrics.ts";
import type { z } from "zod";
import { openInbox } from "../src/inbox.ts";
import type { MultipartState } from "../src/multipart-state/multipart-state.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { KeptLog, StandInKeys } from "./stand-in-keys.ts";

type SealHead = z.infer<typeof sealObject.head>;
type OpenHead = z.infer<typeof openObject.head>;

/** Plaintext bytes of a chunk (docs/format.md). */
export const C = 65_536;

/** A running crypto. */
export class RunningCrypto {
  readonly backend: MemoryBackend;
  readonly log = new KeptLog();
  readonly keys = new StandInKeys(this.log);
  readonly transfers = new LocalTransfers({ log: this.log });
  readonly metrics = createMetrics();

  /** Without a state of uploads there are none. */
  constructor(
    state?: MultipartState,
    backend = new MemoryBackend(),
    wish: { needsEqualParts?: boolean } = {},
  ) {
    this.backend = backend;
    const { keys, transfers, log, metrics } = this;
    const doors = { transfers, bus: keys.bus, guard: undefined };
    const rooms = { dataKeys: keys.dataKeys, backend, state, log, metrics };
    openInbox(doors, { ...wish, ...rooms, legacy: { acceptsForgeable: false, contentTypes: [] } });
  }

  /** Seals bytes as an object of bucket `b`. */
  async seal(key: string, bytes: Buffer, wish: Partial<SealHead> = {}) {
    const target = { bucket: "b", key };
    const head: SealHead = {
      target,
      place: target,
      suite: 1,
      size: bytes.byteLength,
      headers: {},
      ...wish,
    };
    const sending = { head, body: bodyOfBytes(bytes), tail: () => ({}) };
    return await this.transfers.upload(sealObject, sending, { requestId: "r" });
  }

  /** Opens an object of bucket `b`, and reads it to its end. */
  async open(key: string, wish: Partial<OpenHead> = {}) {
    const target = { bucket: "b", key };
    const head: OpenHead = {
      target,
      place: target,
      contents: "sealed",
      headers: {},
      query: [],
      ...wish,
    };
    const { result, body } = await this.transfers.download(openObject, head, { requestId: "r" });
    const pieces: Uint8Array[] = [];
    await body.pump((piece) => void pieces.push(Buffer.from(piece)));
    return { result, bytes: Buffer.concat(pieces) };
  }
}

/** Bytes of which no two chunks are alike. */
export function plaintextOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 16) * 7 + (at >> 8)) & 0xff;
  return bytes;
}
