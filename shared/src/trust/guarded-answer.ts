/** Whom a question with a secret in its answer is answered: a role of the same process in the clear; anyone else only with proof, and sealed to them. */

import { timeoutOf } from "../bus/answering.ts";
import type { Answerer, Asked } from "../bus/bus.ts";
import type { Question } from "../contracts/contract.ts";
import type { AskerProof, SealedAnswer } from "../contracts/keys.ts";
import { Fault } from "../faults.ts";
import { wipeAnswer } from "./answer-bytes.ts";
import type { AnswerGuard } from "./answerer.ts";

/**
 * Makes an answerer of a handler that gives the plain answer and with it the bytes in it: they are handed over within the process, and
 * wiped once they are sealed, or when nobody waits for them any more. Without a guard nobody outside this process is answered (`keys.refused`).
 */
export function guardedAnswer<Input extends { asker?: AskerProof | undefined }, Plain>(
  question: Question<Input, { sealed: SealedAnswer } | { plain: Plain }>,
  guard: AnswerGuard | undefined,
  handler: (input: Input, asked: Asked) => Promise<Plain>,
): Answerer<Input, { sealed: SealedAnswer } | { plain: Plain }> {
  return async (input, asked) => {
    if (asked.isLocal) return { plain: await awaited(handler(input, asked), asked) };
    if (!guard) throw new Fault("keys.refused", "only roles of this process are answered");
    const seal = guard.check(question, input, asked.requestId);
    const plain = await handler(input, asked);
    try {
      return { sealed: seal(plain) };
    } finally {
      wipeAnswer(plain);
    }
  };

  /** The bus drops what comes too late, and with it whoever would have wiped it. */
  async function awaited(answering: Promise<Plain>, { deadlineMs }: Asked): Promise<Plain> {
    const plain = await answering;
    if (Date.now() < deadlineMs) return plain;
    wipeAnswer(plain);
    throw timeoutOf(question.subject);
  }
}
