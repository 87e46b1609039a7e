/** Answers a question that came over NATS: with an answer, with a refusal, or not at all where nobody waits any more. */
import type { Msg } from "@nats-io/transport-node";
import { Fault } from "../faults.ts";
import type { GuardedAnswerer } from "./answering.ts";
import type { MicroEndpoint } from "./micro.ts";
import {
  decodePayload,
  decodeQuestionHeaders,
  encodeFault,
  encodeHeaders,
  encodePayload,
} from "./nats-message.ts";

/** Who answers, and how it is counted. */
export interface NatsAnswerer {
  readonly answerer: GuardedAnswerer;
  readonly endpoint: MicroEndpoint;
  /** True where too many are being answered: the question is refused with `limit.busy`. */
  readonly isBusy: boolean;
}

/** Sends the reply to a message that asks for one. Throws only what the client throws that cannot send it. */
export async function answerMessage(
  message: Msg,
  { answerer, endpoint, isBusy }: NatsAnswerer,
): Promise<void> {
  if (!message.reply) return;
  const startMs = performance.now();
  const reply = await replyTo(message, { answerer, isBusy });
  if (!reply) return;
  endpoint.record((performance.now() - startMs) * 1e6, reply.error);
  message.respond(reply.payload, { headers: encodeHeaders(reply.headers) });
}

interface Reply {
  readonly payload: string;
  readonly headers: [string, string][];
  readonly error?: string;
}

/** What to send back; undefined if nobody waits for it any more. */
async function replyTo(
  { subject, headers, data }: Msg,
  { answerer, isBusy }: Pick<NatsAnswerer, "answerer" | "isBusy">,
): Promise<Reply | undefined> {
  try {
    const asked = decodeQuestionHeaders(headers, subject);
    if (Date.now() >= asked.deadlineMs) return undefined;
    if (isBusy) throw new Fault("limit.busy", `too many questions on ${subject}`);
    const input = decodePayload(data, "input.invalid", subject);
    const output = await answerer(input, { ...asked, isLocal: false });
    if (Date.now() >= asked.deadlineMs) return undefined;
    return { payload: encodePayload(output, "internal.bug", subject), headers: [] };
  } catch (error) {
    return { ...encodeFault(error), error: error instanceof Fault ? error.code : "internal.bug" };
  }
}
