/** What both buses do alike: parse at both ends, keep to the deadline, turn whatever an answerer throws into a fault. */
import type { z } from "zod";
import type { Announcement, Question } from "../contracts/contract.ts";
import { Fault } from "../faults.ts";
import type { Log } from "../runtime/log.ts";
import type { Announced, Answerer, Asked, Listener } from "./bus.ts";

/** How long an asker waits who did not say. */
export const DEFAULT_TIMEOUT_MS = 5000;

/** How long a drain waits at most for the answers that are being made: longer than any asker waits for one. */
export const DRAIN_TIMEOUT_MS = 30_000;

/** An answerer as a carrier calls it: takes and gives what crossed the wire, rejects with nothing but a Fault. */
export type GuardedAnswerer = (input: unknown, asked: Asked) => Promise<unknown>;

/** Puts the contract's schemas around an answerer. What it throws besides faults, or answers against the contract, is logged. */
export function guardAnswerer<Input, Output>(
  question: Question<Input, Output>,
  answerer: Answerer<Input, Output>,
  log: Log,
): GuardedAnswerer {
  return async (input, asked) => {
    try {
      return parseOutput(question, await answerer(parseInput(question, input), asked));
    } catch (error) {
      if (error instanceof Fault && error.code !== "internal.bug") throw error;
      const { requestId } = asked;
      log.error({ err: error, subject: question.subject, requestId }, "answering failed");
      throw error instanceof Fault
        ? error
        : new Fault("internal.bug", "internal error", { cause: error });
    }
  };
}

/** The input of a question; `input.invalid` if it does not fit. */
export function parseInput<Input, Output>(
  question: Question<Input, Output>,
  input: unknown,
): Input {
  const parsed = question.input.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Fault("input.invalid", `input of ${question.subject}: ${describe(parsed.error)}`);
}

/** The answer to a question; `internal.bug` if it does not fit. */
export function parseOutput<Input, Output>(
  question: Question<Input, Output>,
  output: unknown,
): Output {
  const parsed = question.output.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new Fault("internal.bug", `answer to ${question.subject}: ${describe(parsed.error)}`);
}

/** The fact of an announcement; `input.invalid` if it does not fit. */
export function parseFact<Fact>(announcement: Announcement<Fact>, fact: unknown): Fact {
  const parsed = announcement.fact.safeParse(fact);
  if (parsed.success) return parsed.data;
  throw new Fault("input.invalid", `fact of ${announcement.subject}: ${describe(parsed.error)}`);
}

/** Calls a listener with a fact that crossed the wire. Drops and logs what does not parse, and what the listener throws. */
export function hear<Fact>(
  announcement: Announcement<Fact>,
  listener: Listener<Fact>,
  log: Log,
): (fact: unknown, announced: Announced) => void {
  return (fact, announced) => {
    try {
      listener(parseFact(announcement, fact), announced);
    } catch (error) {
      log.warn({ err: error, subject: announcement.subject }, "announcement dropped");
    }
  };
}

/** `work`, or `bus.timeout` after `timeoutMs`; what `work` comes to after that is ignored. */
export function withDeadline<Result>(
  work: Promise<Result>,
  { subject, timeoutMs }: { subject: string; timeoutMs: number },
): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const timer = setTimeout(() => reject(timeoutOf(subject)), timeoutMs);
  work.then(
    (result) => {
      clearTimeout(timer);
      resolve(result);
    },
    (error: unknown) => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    },
  );
  return promise;
}

/** The fault of an asker who waited in vain. */
export function timeoutOf(subject: string): Fault {
  return new Fault("bus.timeout", `no answer to ${subject} in time`);
}

/** Paths and rules only: a value that does not fit may be a secret. */
function describe(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join(".") || "(all)"}: ${message}`)
    .join("; ");
}
