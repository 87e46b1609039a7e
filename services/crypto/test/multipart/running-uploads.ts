/** Crypto with uploads, over a backend in memory and a state in a folder of its own, asked as edge asks it. */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlaintextFacts } from "@s3eg/shared/contracts/crypto.ts";
import {
  abortUpload,
  type CompletedPart,
  completeUpload,
  createUpload,
  ListedPart,
  listParts,
  sealPart,
} from "@s3eg/shared/contracts/multipart.ts";
import { isFault } from "@s3eg/shared/faults.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { z } from "zod";
import { SealedState } from "../../src/multipart-state/sealed-state.ts";
import { SqliteStore } from "../../src/multipart-state/sqlite-store.ts";
import { GENEROUS, testSeal } from "../multipart-state/state-contract.ts";
import { RunningCrypto } from "../running-crypto.ts";
import { UploadsBackend } from "./uploads-backend.ts";

type CreateHead = z.infer<typeof createUpload.head>;
type CompleteHead = z.infer<typeof completeUpload.head>;

/** Plaintext bytes that every part but the last must hold. */
export const MIN_PART = 5 * 1024 * 1024;

const TARGET = { bucket: "b", key: "k" };
const ASKING = { requestId: "r" };
const NOTHING = () => ({ body: bodyOfBytes(Buffer.alloc(0)), tail: () => ({}) });

/** A running crypto whose object is always `k` of bucket `b`. */
export class RunningUploads {
  readonly backend = new UploadsBackend();
  readonly state: SealedState;
  readonly crypto: RunningCrypto;
  readonly #folder = mkdtempSync(join(tmpdir(), "s3eg-uploads-"));

  constructor(wish: { needsEqualParts?: boolean } = {}) {
    const store = new SqliteStore({ folder: this.#folder, limits: GENEROUS, now: Date.now });
    this.state = new SealedState(store, testSeal);
    this.crypto = new RunningCrypto(this.state, this.backend, wish);
  }

  async create(wish: Partial<CreateHead> = {}) {
    const head: CreateHead = { target: TARGET, place: TARGET, suite: 1, headers: {}, ...wish };
    return await this.crypto.transfers.upload(createUpload, { head, ...NOTHING() }, ASKING);
  }

  /** Uploads a part, its MD5 told as edge tells it, and names it. */
  async part(uploadId: string, partNumber: number, bytes: Buffer): Promise<CompletedPart> {
    const facts = { md5: hash("md5", bytes) };
    return await this.partWith({ uploadId, partNumber, bytes }, facts);
  }

  /** The same, with other facts told of it. */
  async partWith(
    { uploadId, partNumber, bytes }: { uploadId: string; partNumber: number; bytes: Buffer },
    facts: PlaintextFacts,
  ): Promise<CompletedPart> {
    const head = { target: TARGET, uploadId, partNumber, size: bytes.byteLength, headers: {} };
    const sending = { head, body: bodyOfBytes(bytes), tail: () => facts };
    const { etag } = await this.crypto.transfers.upload(sealPart, sending, ASKING);
    return { partNumber, etag };
  }

  async complete(
    uploadId: string,
    parts: readonly CompletedPart[] | string,
    wish: Partial<CompleteHead> = {},
  ) {
    const head = { target: TARGET, uploadId, headers: {}, ...wish };
    const list = typeof parts === "string" ? parts : JSON.stringify(parts);
    const sending = { head, body: bodyOfBytes(Buffer.from(list)), tail: () => ({}) };
    return await this.crypto.transfers.upload(completeUpload, sending, ASKING);
  }

  async abort(uploadId: string) {
    const head = { target: TARGET, uploadId, headers: {} };
    return await this.crypto.transfers.upload(abortUpload, { head, ...NOTHING() }, ASKING);
  }

  async list(uploadId: string) {
    const head = { target: TARGET, uploadId };
    const { result, body } = await this.crypto.transfers.download(listParts, head, ASKING);
    const pieces: Uint8Array[] = [];
    await body.pump((piece) => void pieces.push(Buffer.from(piece)));
    const parts = z.array(ListedPart).parse(JSON.parse(Buffer.concat(pieces).toString()));
    return { result, parts };
  }

  /** What lies on the backend. */
  stored() {
    const found = this.backend.objects.get("k");
    assert.ok(found, "there is an object");
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.state[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

/** True for a refusal in these words of S3, for `assert.rejects`. */
export function refusedAs(s3Code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFault(error, "backend.refused"), `refusal expected, got ${String(error)}`);
    assert.equal(error.details.s3Code, s3Code);
    return true;
  };
}
