/** Whom `keys` answers: a role of its own process in the clear; anyone else only with proof, and sealed to them. */
import type { Answerer } from "@s3eg/shared/bus/bus.ts";
import type { Question } from "@s3eg/shared/contracts/contract.ts";
import type { AskerProof, SealedAnswer } from "@s3eg/shared/contracts/keys.ts";
import { Fault } from "@s3eg/shared/faults.ts";
import type { AnswerGuard } from "@s3eg/shared/trust/answerer.ts";

/** Makes an answerer of a handler that gives the plain answer. Without a guard nobody outside this process is answered. */
export function guardedAnswer<Input extends { asker?: AskerProof | undefined }, Plain>(
  question: Question<Input, { sealed: SealedAnswer } | { plain: Plain }>,
  guard: AnswerGuard | undefined,
  handler: (input: Input) => Promise<Plain>,
): Answerer<Input, { sealed: SealedAnswer } | { plain: Plain }> {
  return async (input, { isLocal, requestId }) => {
    if (isLocal) return { plain: await handler(input) };
    if (!guard) throw new Fault("keys.refused", "keys answers its own process only");
    const seal = guard.check(question, input, requestId);
    return { sealed: seal(await handler(input)) };
  };
}
