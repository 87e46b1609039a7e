/** One real request for a command of the SDK, and what came of it. */
import { type S3, S3ServiceException } from "@aws-sdk/client-s3";

/** Where the commands are sent: a bucket of their own, and what the one before learned for the next. */
export interface Ground {
  readonly s3: S3;
  readonly Bucket: string;
  uploadId?: string | undefined;
  partEtag?: string | undefined;
}

/** Sends one command. */
export type SentCommand = (ground: Ground) => Promise<unknown>;

/** Commands by name, in the order in which they are sent. */
export type SentCommands = Readonly<Record<string, SentCommand>>;

/** `"ok"`, or code and status of the S3 error. Anything that is no answer of a server is thrown. */
export async function outcomeOf(send: SentCommand, ground: Ground): Promise<string> {
  try {
    await send(ground);
    return "ok";
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return `${error.name} ${error.$metadata.httpStatusCode}`;
  }
}
