/** The asking side of trust: a session that proves who asks keys, and opens the answers. */
import { randomBytes } from "node:crypto";
import type { AskerProof, SealedAnswer } from "../contracts/keys.ts";
import { Fault } from "../faults.ts";
import type { Secret } from "../runtime/secret.ts";
import { generateHpkeKeyPair, type HpkeKeyPair, hpkeOpen, type Kem } from "../sealing/hpke.ts";
import { decodeAnswer } from "./answer-bytes.ts";
import { ProofKeys, proofInput } from "./question-proof.ts";

/** A question with its proof, and the one way to its answer. */
export interface ProvenAsking<Input> {
  readonly input: Input & { readonly asker: AskerProof };
  /** The answer, once; bytes in it are the caller's to wipe. `crypto.integrity` for an answer to another question or by another hand, or a second one. */
  openAnswer(sealed: SealedAnswer): unknown;
}

const RENEWAL_MS = 3_600_000;
const NONCE_BYTES = 16;

/**
 * Asks in the name of everyone who holds `secret`. Its key pair is renewed hourly and lives in memory only: recorded traffic
 * stays closed even if the secret leaks later.
 */
export class AskerSession {
  readonly #keys: ProofKeys;
  readonly #kem: Kem;
  readonly #now: () => number;
  #pair: HpkeKeyPair | undefined;
  #renewAtMs = 0;

  /** `kem` is one of KEM; `now` is the wall clock in milliseconds. */
  constructor(options: { secret: Secret<Uint8Array>; kem: Kem; now?: () => number }) {
    this.#keys = new ProofKeys(options.secret);
    this.#kem = options.kem;
    this.#now = options.now ?? Date.now;
  }

  /** Proves one question, which is good for one asking within the next minute. */
  prove<Input extends object>(
    question: { readonly subject: string },
    input: Input,
    requestId: string,
  ): ProvenAsking<Input> {
    const timestampMs = this.#now();
    const pair = this.#pairAt(timestampMs);
    const asker = {
      kem: pair.kem,
      publicKey: pair.publicKey.toString("base64"),
      timestampMs,
      nonce: randomBytes(NONCE_BYTES).toString("base64"),
    };
    const covered = proofInput({ subject: question.subject, requestId, asker, input });
    const mac = this.#keys.mac(covered).toString("base64");
    let isAnswered = false;
    return {
      input: { ...input, asker: { ...asker, mac } },
      openAnswer: ({ enc, ciphertext }) => {
        if (isAnswered) throw new Fault("crypto.integrity", "question is answered already");
        const message = {
          enc: Buffer.from(enc, "base64"),
          ciphertext: Buffer.from(ciphertext, "base64"),
        };
        const plaintext = hpkeOpen(pair, message, this.#keys.answerContext(covered));
        isAnswered = true;
        return decodeAnswer(plaintext);
      },
    };
  }

  #pairAt(nowMs: number): HpkeKeyPair {
    if (this.#pair === undefined || nowMs >= this.#renewAtMs) {
      this.#pair = generateHpkeKeyPair(this.#kem);
      this.#renewAtMs = nowMs + RENEWAL_MS;
    }
    return this.#pair;
  }
}
