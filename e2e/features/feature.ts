/** A feature: one thing that an S3 server does or does not do, tried from outside. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { S3 } from "@aws-sdk/client-s3";
import { type RawAnswer, type RawRequest, type Signer, sendRaw } from "./raw-request.ts";

/** Where features are tried: a server, and a bucket of the feature's own, empty. */
export interface Site {
  readonly signer: Signer;
  readonly s3: S3;
  readonly bucket: string;
}

/** A named feature; `run` rejects where the server does not have it. */
export interface Feature {
  readonly name: string;
  run(site: Site): Promise<void>;
}

/** Names a feature. */
export function feature(name: string, run: (site: Site) => Promise<void>): Feature {
  return { name, run };
}

/** Sends a request by hand to the site's bucket; `path` begins behind the bucket (`/key?x`, `?x`). */
export async function send(site: Site, request: RawRequest): Promise<RawAnswer> {
  return await sendRaw(site.signer, { ...request, path: `/${site.bucket}${request.path}` });
}

/** Puts text under a key by hand and returns its ETag, with quotes. */
export async function putText(site: Site, path: string, text: string): Promise<string> {
  const answer = await send(site, { method: "PUT", path, body: text });
  assert.equal(answer.status, 200, `PUT ${path}: ${answer.body}`);
  return answer.headers.etag ?? "";
}

/** Asserts what an answer by hand is. */
export function assertAnswer(answer: RawAnswer, status: number, code = ""): void {
  assert.deepEqual([answer.status, answer.code], [status, code], answer.body.toString("utf8"));
}

/** Asserts that the SDK's promise rejects with an S3 error. */
export async function assertRefused(
  promise: Promise<unknown>,
  expected: { status: number; name?: string },
): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    assert.equal($metadata?.httpStatusCode, expected.status, `${name}: ${String(error)}`);
    if (expected.name !== undefined) assert.equal(name, expected.name);
    return true;
  });
}

/** The MD5 of text or bytes as an ETag, with quotes. */
export function md5Etag(content: string | Uint8Array): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}

/** Bytes that differ from place to place. */
export function patternBytes(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}
