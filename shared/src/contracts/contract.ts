/**
 * The three shapes in which services talk (ARCHITECTURE.md, "Three ways to talk"). A contract is data: its subject or path and
 * the zod schemas of what crosses. The bus and the transfers parse with them at both ends.
 */
import type { z } from "zod";

/** Request and reply over the bus: small, typed, answered by one member of the owner's queue group. */
export interface Question<Input, Output> {
  readonly kind: "question";
  /** `<owner>.<noun>.<verb>`, without the configurable prefix. */
  readonly subject: string;
  /** The answering service: the first segment of the subject, and the name of its queue group. */
  readonly owner: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
}

/** Something happened; whoever subscribed learns of it. */
export interface Announcement<Fact> {
  readonly kind: "announcement";
  readonly subject: string;
  readonly owner: string;
  readonly fact: z.ZodType<Fact>;
}

/** Bytes from the asker to the owner: a head before them, a tail of facts known only after them, then the owner's result. */
export interface Upload<Head, Tail, Result> {
  readonly kind: "upload";
  /** Path segment of the transfer, and the operation its ticket is bound to. */
  readonly path: string;
  readonly head: z.ZodType<Head>;
  readonly tail: z.ZodType<Tail>;
  readonly result: z.ZodType<Result>;
}

/** Bytes from the owner to the asker: a head, then the owner's result, then the bytes it describes. */
export interface Download<Head, Result> {
  readonly kind: "download";
  readonly path: string;
  readonly head: z.ZodType<Head>;
  readonly result: z.ZodType<Result>;
}

/** Defines a question. */
export function question<Input, Output>(
  subject: string,
  schemas: { input: z.ZodType<Input>; output: z.ZodType<Output> },
): Question<Input, Output> {
  return Object.freeze({ kind: "question", subject, owner: ownerOf(subject), ...schemas });
}

/** Defines an announcement. */
export function announcement<Fact>(subject: string, fact: z.ZodType<Fact>): Announcement<Fact> {
  return Object.freeze({ kind: "announcement", subject, owner: ownerOf(subject), fact });
}

/** Defines an upload. */
export function upload<Head, Tail, Result>(
  path: string,
  schemas: { head: z.ZodType<Head>; tail: z.ZodType<Tail>; result: z.ZodType<Result> },
): Upload<Head, Tail, Result> {
  return Object.freeze({ kind: "upload", path, ...schemas });
}

/** Defines a download. */
export function download<Head, Result>(
  path: string,
  schemas: { head: z.ZodType<Head>; result: z.ZodType<Result> },
): Download<Head, Result> {
  return Object.freeze({ kind: "download", path, ...schemas });
}

function ownerOf(subject: string): string {
  return subject.slice(0, subject.indexOf("."));
}
