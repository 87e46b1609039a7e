/** What a Transit server answers, and what follows from it. Plaintexts are taken out as bytes before the rest is read as text. */
import { Fault } from "@s3eg/shared/faults.ts";
import { z } from "zod";
import { base64Bytes, bytesOfBase64 } from "../remote/base64-bytes.ts";
import type { KeyStoreAnswer } from "../remote/key-store-http.ts";

const Errors = z.object({ errors: z.array(z.string()).default([]) });
const Ciphertext = z.object({ data: z.object({ ciphertext: z.string() }) });
const Plaintext = z.object({ data: z.object({ plaintext: z.string() }) });

const CIPHERTEXT = /^vault:v[1-9]\d{0,9}:(?<digits>[A-Za-z0-9+/]+={0,2})$/;
const PLAINTEXT_FIELD = Buffer.from('"plaintext":"');
const QUOTE = 0x22;
const MASK = 0x2a;

/** `{"plaintext":…,"associated_data":…}` of Transit's encrypt; the caller wipes it. */
export function encryptBody(payload: Uint8Array, binding: Uint8Array): Buffer {
  const digits = base64Bytes(payload);
  const rest = Buffer.from(`","associated_data":"${Buffer.from(binding).toString("base64")}"}`);
  const body = Buffer.concat([Buffer.from('{"plaintext":"'), digits, rest]);
  digits.fill(0);
  return body;
}

/** `{"ciphertext":…,"associated_data":…}` of Transit's decrypt; without a binding, without associated data. */
export function decryptBody(ciphertext: string, binding?: Uint8Array): Buffer {
  const associated_data = binding && Buffer.from(binding).toString("base64");
  return Buffer.from(JSON.stringify({ ciphertext, associated_data }));
}

/** The ciphertext of an answer to encrypt. */
export function ciphertextOf(answer: KeyStoreAnswer): string {
  return parsed(answer, Ciphertext).data.ciphertext;
}

/** Nonce, ciphertext and tag in `vault:v1:…`; undefined for what Transit does not spell so. */
export function ciphertextBytes(ciphertext: string): Buffer | undefined {
  const digits = CIPHERTEXT.exec(ciphertext)?.groups?.digits;
  return digits === undefined ? undefined : bytesOfBase64(Buffer.from(digits));
}

/** The plaintext of an answer to decrypt, which the caller wipes; the answer itself is wiped. */
export function plaintextOf(answer: KeyStoreAnswer): Buffer {
  const { body } = answer;
  const start = body.indexOf(PLAINTEXT_FIELD) + PLAINTEXT_FIELD.byteLength;
  const end = body.indexOf(QUOTE, start);
  const found = start >= PLAINTEXT_FIELD.byteLength && end > start;
  const plaintext = found ? bytesOfBase64(body.subarray(start, end)) : undefined;
  if (found) body.fill(MASK, start, end);
  try {
    const { length } = parsed(answer, Plaintext).data.plaintext;
    if (plaintext && length === end - start) return plaintext;
    throw unreadable();
  } catch (error) {
    plaintext?.fill(0);
    throw error;
  }
}

/** An answer as JSON of a shape; `keys.unavailable` if it is not. */
export function parsed<Shape>({ body }: KeyStoreAnswer, shape: z.ZodType<Shape>): Shape {
  const { success, data } = shape.safeParse(jsonOf(body));
  if (success) return data;
  throw unreadable();
}

/** The fault that an answer stands for which is no success; what the server says goes into the log as its cause. */
export function faultOf(answer: KeyStoreAnswer): Fault {
  const { status } = answer;
  const errors = Errors.safeParse(jsonOf(answer.body)).data?.errors ?? [];
  const said = errors.join("; ").slice(0, 300);
  const cause = new Error(`status ${status}: ${said}`);
  if (status === 400 && isNotGenuine(said)) {
    return new Fault("crypto.integrity", "wrapped key does not verify", { cause });
  }
  if (status === 400 || status === 403 || status === 404 || status === 405) {
    const message = `the key store does not let the key be used (status ${status})`;
    return new Fault("keys.denied", message, { cause });
  }
  return new Fault("keys.unavailable", `the key store failed (status ${status})`, { cause });
}

/** A ciphertext that no key of that name ever made. A version that was retired ("too old") is no such thing. */
function isNotGenuine(said: string): boolean {
  return /message authentication failed|invalid ciphertext|version is too new/.test(said);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function unreadable(): Fault {
  return new Fault("keys.unavailable", "the key store's answer cannot be read");
}
