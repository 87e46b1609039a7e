/** The bus: how questions are asked and things announced, whatever carries them (NATS, or memory within one process). */
import type { Announcement, Question } from "../contracts/contract.ts";

/** What the asker says about one question besides its input. */
export interface AskOptions {
  /** Follows the S3 request through every service, log line and audit event. */
  readonly requestId: string;
  /** How long the asker waits, retries included. Default 5000. */
  readonly timeoutMs?: number;
  /** The span that the answer is part of (`runtime/tracing.ts`). */
  readonly traceparent?: string | undefined;
}

/** What the answerer is told besides the input. */
export interface Asked {
  readonly requestId: string;
  /** `Date.now()` value after which nobody waits for the answer any more. */
  readonly deadlineMs: number;
  /** True if the asker is a role in this process: no trust boundary lies between (ARCHITECTURE.md, "Trust between services"). */
  readonly isLocal: boolean;
  /** As the asker said; where it said nothing there is none. */
  readonly traceparent?: string;
}

/** What is said with an announcement besides its fact. */
export interface Announced {
  /** The span that hearing it is part of. */
  readonly traceparent?: string | undefined;
}

/** Hears a fact. */
export type Listener<Fact> = (fact: Fact, announced: Announced) => void;

/** Answers one question; throws a Fault to refuse it. */
export type Answerer<Input, Output> = (input: Input, asked: Asked) => Promise<Output>;

/**
 * Carries questions and announcements.
 * `request` throws the answerer's Fault, `bus.no-responder`, `bus.timeout` or `bus.unavailable`. Input and output are parsed at
 * both ends with the contract's schemas.
 */
export interface Bus extends AsyncDisposable {
  request<Input, Output>(
    question: Question<Input, Output>,
    input: Input,
    options: AskOptions,
  ): Promise<Output>;
  /** Joins the owner's queue group for the question. Throws if this bus serves it already. */
  serve<Input, Output>(question: Question<Input, Output>, answerer: Answerer<Input, Output>): void;
  /**
   * True where the question, asked now, is answered by a role of this process: then no trust boundary is crossed, and the
   * answerer is told `isLocal`. Whoever asks with a secret in the answer decides by this whether it has to be sealed.
   */
  isLocal<Input, Output>(question: Question<Input, Output>): boolean;
  /** Announces a fact. Resolves when it was handed to the carrier; a broken carrier is `bus.unavailable`. */
  publish<Fact>(announcement: Announcement<Fact>, fact: Fact, announced?: Announced): Promise<void>;
  /** Calls `listener` for every such fact from now on. A fact that does not parse is dropped and logged. */
  subscribe<Fact>(announcement: Announcement<Fact>, listener: Listener<Fact>): void;
  /** False while the carrier is cut off. */
  readonly isConnected: boolean;
  /** Stops taking questions, waits for the answers being made, then closes. The same as `Symbol.asyncDispose`. */
  drain(): Promise<void>;
}
