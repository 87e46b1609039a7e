/** A way to a KMIP server: binary (socket-transport.ts) or JSON over HTTP (json-transport.ts). */
import type { KmipAnswer, KmipQuestion } from "./messages.ts";

/** One question, one answer; many may be under way. */
export interface KmipTransport extends AsyncDisposable {
  /**
   * One attempt. Byte strings of the answer are the caller's to wipe. `keys.unavailable` where there is no answer that can be read,
   * `keys.denied` where the server does not let us ask. No answer and nothing of the question in a message.
   */
  ask(question: KmipQuestion, signal: AbortSignal): Promise<KmipAnswer>;
}
