/** Requests to gateways of the story, and what is to be seen of their answers. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type RawAnswer, type RawRequest, type Signer, sendRaw } from "../features/raw-request.ts";
import { type OneProcessGateway, startGateway } from "../gateway.ts";
import type { S3Server } from "../servers/s3-server.ts";
import type { Settings } from "./key-site.ts";

/** The bucket of the story. */
export const BUCKET = "keys";

/** A gateway, and a client of it. */
export interface OnGateway {
  readonly gateway: OneProcessGateway;
  readonly on: { readonly s3: S3Client; readonly bucket: string };
}

/** What all of them have: no key of their own beside the store, and patience that lets a test see the end of it. */
export const COMMON = {
  SELF_CONTAINED_AES_KEYS: "",
  KMS_RETRY_MAX_ELAPSED_TIME: "3s",
  KMS_CIRCUIT_BREAKER_OPEN_TIMEOUT: "1s",
};

/** Far more than any limit of the settings: who has not answered by then hangs. */
const HANGS_MS = 60_000;

/** Starts a gateway for the time of `act`. */
export async function onGateway(
  backend: S3Server,
  settings: Settings,
  act: (seen: OnGateway) => Promise<void>,
): Promise<void> {
  await using gateway = await startGateway({ backend, env: { ...COMMON, ...settings } });
  const s3 = s3ClientOf(gateway);
  try {
    await act({ gateway, on: { s3, bucket: BUCKET } });
  } catch (error) {
    process.stderr.write(`${gateway.logTails()}\n`);
    throw error;
  } finally {
    s3.destroy();
  }
}

/** The answer to a request for an object of the bucket; a connection that broke is one of status 0. Fails for none at all. */
export async function ask(
  signer: Signer,
  key: string,
  request: Partial<RawRequest> = {},
): Promise<Pick<RawAnswer, "status" | "code" | "body">> {
  const asked = sendRaw(signer, { method: "GET", path: `/${BUCKET}/${key}`, ...request });
  const broken = { status: 0, code: "", body: Buffer.alloc(0) };
  const hangs = sleep(HANGS_MS, "hangs" as const, { ref: false });
  const answer = await Promise.race([asked.catch(() => broken), hangs]);
  assert.ok(answer !== "hangs", `${request.method ?? "GET"} ${key} is not answered`);
  return answer;
}

/** Puts an object. */
export async function put(signer: Signer, key: string, body: Buffer) {
  return await ask(signer, key, { method: "PUT", body });
}

/** Copies an object of the bucket. */
export async function copy(signer: Signer, from: string, to: string) {
  const headers = { "x-amz-copy-source": `/${BUCKET}/${from}` };
  return await ask(signer, to, { method: "PUT", headers });
}

/** Waits until a PUT succeeds: circuit breakers let one through after a while. */
export async function untilPut(signer: Signer, key: string, body: Buffer): Promise<void> {
  const endsAtMs = Date.now() + HANGS_MS;
  for (;;) {
    const { status, code } = await put(signer, key, body);
    if (status === 200) return;
    assert.ok(Date.now() < endsAtMs, `does not recover: ${status} ${code}`);
    await sleep(200);
  }
}

/** Checks that an object is there with these bytes. */
export async function holds(signer: Signer, key: string, body: Buffer): Promise<void> {
  const answer = await ask(signer, key);
  assert.equal(answer.status, 200, `${key}: ${answer.code}`);
  assert.ok(answer.body.equals(body), `${key} has other bytes`);
}

/** Checks that nothing of `body` lies on the backend as it is, and that something lies there at all. */
export async function isSealed(backend: S3Server, key: string, body: Buffer): Promise<void> {
  const { status, body: stored } = await ask(backend, key);
  assert.equal(status, 200, `${key} on the backend`);
  for (let at = 0; at + 32 <= body.length; at += 1024) {
    assert.ok(!stored.includes(body.subarray(at, at + 32)), `${key} lies open at ${at}`);
  }
}

/** Waits until a gateway has logged something, which comes a moment after the answer. */
export async function logSays(gateway: OneProcessGateway, why: string): Promise<void> {
  const endsAtMs = Date.now() + HANGS_MS;
  while (!gateway.logTails().includes(why)) {
    assert.ok(Date.now() < endsAtMs, `the log does not say ${why}: ${gateway.logTails()}`);
    await sleep(50);
  }
}
