/** Asking what `guardedAnswer` answers: in the clear within one process, proven and sealed across processes. */
import { parseOutput } from "../bus/answering.ts";
import type { Bus } from "../bus/bus.ts";
import type { Question } from "../contracts/contract.ts";
import type { AskerProof, SealedAnswer } from "../contracts/keys.ts";
import { Fault, type FaultCode, isFault } from "../faults.ts";
import { wipeAnswer } from "./answer-bytes.ts";
import type { AskerSession } from "./asker.ts";

/** A question whose asker is proven, and whose answer is sealed to it. */
export type GuardedQuestion<Input, Plain> = Question<
  Input & { asker?: AskerProof | undefined },
  { sealed: SealedAnswer } | { plain: Plain }
>;

/**
 * A refusal carries no proof: whoever reaches the broker can make one up. Believed is what says that it does not work; what would
 * tell the client something of its object or its request, such as that there is none, is not.
 */
const BELIEVED: readonly FaultCode[] = [
  "bus.no-responder",
  "bus.timeout",
  "bus.unavailable",
  "crypto.integrity",
  "crypto.not-permitted",
  "internal.bug",
  "keys.refused",
  "keys.unavailable",
  "keys.unknown-key",
  "limit.busy",
];

/**
 * Asks and gives the plain answer, whose bytes the caller wipes. `session` may be absent only where the owner is a role of this process
 * (`keys.refused` otherwise). Throws the faults of the owner and of the bus, `crypto.integrity` for an answer that was not sealed to this question, and
 * `internal.bug` for a refusal from another process that is none of those.
 */
export async function askGuarded<Input extends object, Plain>(
  bus: Bus,
  session: AskerSession | undefined,
  asking: {
    readonly question: GuardedQuestion<Input, Plain>;
    readonly input: NoInfer<Input>;
    readonly requestId: string;
    readonly timeoutMs?: number;
  },
): Promise<Plain> {
  const { question, input, ...options } = asking;
  if (bus.isLocal(question)) {
    const answer = await bus.request(question, input, options);
    if ("plain" in answer) return answer.plain;
    throw new Fault("internal.bug", "a role of this process sealed its answer");
  }
  if (!session) throw new Fault("keys.refused", `there is no secret to ask ${question.owner} with`);
  const proven = session.prove(question, input, options.requestId);
  const answer = await bus.request(question, proven.input, options).catch((cause: unknown) => {
    if (isFault(cause, ...BELIEVED)) throw cause;
    throw new Fault(
      "internal.bug",
      `${question.subject} was refused for a reason that is not its`,
      {
        cause,
      },
    );
  });
  // Only the owner can seal: an answer in the clear is not from there, whatever it says.
  if (!("sealed" in answer))
    throw new Fault("crypto.integrity", `answer of ${question.owner} is not sealed`);
  const plain = proven.openAnswer(answer.sealed);
  try {
    const opened = parseOutput(question, { plain });
    if ("plain" in opened) return opened.plain;
    throw new Fault("internal.bug", `answer of ${question.owner} is empty`);
  } catch (error) {
    wipeAnswer(plain);
    throw error;
  }
}
