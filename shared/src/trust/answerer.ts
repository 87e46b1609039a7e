/** The answering side of trust: who asks is checked before anything is done, and the answer is sealed to them alone. */
import { timingSafeEqual } from "node:crypto";
import type { AskerProof, SealedAnswer } from "../contracts/keys.ts";
import { Fault } from "../faults.ts";
import type { Secret } from "../runtime/secret.ts";
import { hpkeSeal } from "../sealing/hpke.ts";
import { encodeAnswer } from "./answer-bytes.ts";
import { MAX_QUESTION_AGE_MS, ProofKeys, proofInput } from "./question-proof.ts";
import { SeenNonces } from "./seen-nonces.ts";

/** Seals one answer (a JSON value that may have bytes in it) to the asker it belongs to. */
export type SealAnswer = (answer: unknown) => SealedAnswer;

const NONCE_BYTES = 16;
/** Some 8000 questions a second within the two minutes that matter. */
const DEFAULT_CAPACITY = 1_000_000;

/** Answers those who hold `secret`, each question once, within a minute of its making. */
export class AnswerGuard {
  readonly #keys: ProofKeys;
  readonly #now: () => number;
  readonly #seen: SeenNonces;

  /** `now` is the wall clock in milliseconds; `capacity` is how many questions are remembered. */
  constructor(options: { secret: Secret<Uint8Array>; now?: () => number; capacity?: number }) {
    this.#keys = new ProofKeys(options.secret);
    this.#now = options.now ?? Date.now;
    this.#seen = new SeenNonces(options.capacity ?? DEFAULT_CAPACITY);
  }

  /**
   * Checks a question and gives the way to answer it. `keys.refused` without a proof, with one that is not of this question
   * or this secret, too old or from the future, or seen before; `keys.unavailable` when too many were asked.
   */
  check(
    question: { readonly subject: string },
    input: { readonly asker?: AskerProof | undefined },
    requestId: string,
  ): SealAnswer {
    const { asker } = input;
    if (!asker) throw refused("question carries no proof of who asks");
    const covered = proofInput({ subject: question.subject, requestId, asker, input });
    const mac = Buffer.from(asker.mac, "base64");
    const expected = this.#keys.mac(covered);
    if (mac.byteLength !== expected.byteLength || !timingSafeEqual(mac, expected)) {
      throw refused("question is not proven");
    }
    const nowMs = this.#now();
    if (Math.abs(nowMs - asker.timestampMs) > MAX_QUESTION_AGE_MS) {
      throw refused("question is too old, or the clocks differ");
    }
    if (Buffer.from(asker.nonce, "base64").byteLength !== NONCE_BYTES) {
      throw refused("question has no proper nonce");
    }
    if (!this.#seen.add(asker.nonce, asker.timestampMs, nowMs)) {
      throw refused("question was asked before");
    }
    const recipient = { kem: asker.kem, publicKey: Buffer.from(asker.publicKey, "base64") };
    const context = this.#keys.answerContext(covered);
    return (answer) => {
      const plaintext = encodeAnswer(answer);
      const { enc, ciphertext } = hpkeSeal(recipient, plaintext, context);
      plaintext.fill(0);
      return { enc: enc.toString("base64"), ciphertext: ciphertext.toString("base64") };
    };
  }
}

function refused(message: string): Fault {
  return new Fault("keys.refused", message);
}
