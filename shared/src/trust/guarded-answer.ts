/** Whom a question with a secret in its answer is answered: a role of the same process in the clear; anyone else only with proof, and sealed to them. */
import type { Answerer, Asked } from "../bus/bus.ts";
import type { Question } from "../contracts/contract.ts";
import type { AskerProof, SealedAnswer } from "../contracts/keys.ts";
import { Fault } from "../faults.ts";
import type { AnswerGuard } from "./answerer.ts";

/** Makes an answerer of a handler that gives the plain answer. Without a guard nobody outside this process is answered (`keys.refused`). */
export function guardedAnswer<Input extends { asker?: AskerProof | undefined }, Plain>(
  question: Question<Input, { sealed: SealedAnswer } | { plain: Plain }>,
  guard: AnswerGuard | undefined,
  handler: (input: Input, asked: Asked) => Promise<Plain>,
): Answerer<Input, { sealed: SealedAnswer } | { plain: Plain }> {
  return async (input, asked) => {
    if (asked.isLocal) return { plain: await handler(input, asked) };
    if (!guard) throw new Fault("keys.refused", "only roles of this process are answered");
    const seal = guard.check(question, input, asked.requestId);
    return { sealed: seal(await handler(input, asked)) };
  };
}
