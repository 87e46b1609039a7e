/** What asker and answerer compute alike: the bytes a proof covers, and the keys that follow from their secret (ARCHITECTURE.md, "Trust between services"). */
import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject } from "node:crypto";
import type { AskerProof } from "../contracts/keys.ts";
import type { Secret } from "../runtime/secret.ts";
import type { HpkeContext } from "../sealing/hpke.ts";
import { canonicalJson } from "./canonical-json.ts";

/** How far the clocks of asker and answerer may be apart, the way of the question included, in milliseconds. */
export const MAX_QUESTION_AGE_MS = 60_000;

/** A question as its proof covers it: everything that crosses, but the MAC itself. */
export interface ProvenQuestion {
  readonly subject: string;
  readonly requestId: string;
  readonly asker: Omit<AskerProof, "mac">;
  /** The input; its `asker` is left out. */
  readonly input: object;
}

/** The bytes a proof covers: a JSON array of texts and a number, so no two questions give the same bytes. */
export function proofInput({ subject, requestId, asker, input }: ProvenQuestion): Buffer {
  const { kem, publicKey, timestampMs, nonce } = asker;
  const asked = canonicalJson({ ...input, asker: undefined });
  const fields = [LABEL, subject, requestId, kem, publicKey, timestampMs, nonce, asked];
  return Buffer.from(JSON.stringify(fields));
}

/** The keys that follow from a secret shared by asker and answerer. */
export class ProofKeys {
  readonly #macKey: KeyObject;
  readonly #psk: Buffer;

  constructor(secret: Secret<Uint8Array>) {
    this.#macKey = createSecretKey(derive(secret, "s3eg/2/question-mac"));
    this.#psk = derive(secret, "s3eg/2/answer-psk");
  }

  /** HMAC-SHA-256 over `proofInput`. */
  mac(covered: Buffer): Buffer {
    return createHmac("sha256", this.#macKey).update(covered).digest();
  }

  /** How the answer to that question is sealed: under the secret, and bound to exactly that question. */
  answerContext(covered: Buffer): HpkeContext {
    const aad = hash("sha256", covered, "buffer");
    return { info: ANSWER_INFO, psk: this.#psk, pskId: PSK_ID, aad };
  }
}

const LABEL = "s3eg/2/question";
const ANSWER_INFO = Buffer.from("s3eg/2/answer");
const PSK_ID = Buffer.from("s3eg/2/answer-psk");

function derive(secret: Secret<Uint8Array>, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret.reveal(), "", info, 32));
}
