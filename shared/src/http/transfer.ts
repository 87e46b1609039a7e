/** How bulk bytes cross between services: interfaces with an HTTP and an in-process implementation. */
import type { Download, Upload } from "../contracts/contract.ts";
import type { Body } from "./body.ts";

/** What the asker says about one transfer besides its head. */
export interface TransferOptions {
  readonly requestId: string;
  /** Aborts the transfer; the other side sees a body that did not end properly. */
  readonly signal?: AbortSignal;
  /** The span that answering is part of (`runtime/tracing.ts`). */
  readonly traceparent?: string | undefined;
}

/** Asks for transfers. Both methods throw the owner's Fault, `crypto.unavailable` (no worker) or `transfer.broken`. */
export interface TransferClient {
  /** Sends a body. `tail` is read once, after the body has ended properly. A body that rejects voids the transfer, and its error is thrown. */
  upload<Head, Tail, Result>(
    contract: Upload<Head, Tail, Result>,
    sending: { head: Head; body: Body; tail: () => Tail },
    options: TransferOptions,
  ): Promise<Result>;
  /** Asks for a body. The caller must pump or destroy it. */
  download<Head, Result>(
    contract: Download<Head, Result>,
    head: Head,
    options: TransferOptions,
  ): Promise<{ result: Result; body: Body }>;
}

/** What the owner is told besides the head. */
export interface TransferContext {
  readonly requestId: string;
  /** Aborted when the asker is gone. */
  readonly signal: AbortSignal;
  /** As the asker said; where it said nothing there is none. */
  readonly traceparent?: string;
}

/** Answers an upload. `tail()` may be called once `body.pump` has resolved. Nothing may be committed before that. */
export type UploadAnswerer<Head, Tail, Result> = (
  received: { head: Head; body: Body; tail: () => Tail },
  context: TransferContext,
) => Promise<Result>;

/** Answers a download. `sizeBytes` is the exact length of the body. */
export type DownloadAnswerer<Head, Result> = (
  head: Head,
  context: TransferContext,
) => Promise<{ result: Result; body: Body; sizeBytes: number }>;

/** Answers transfers. */
export interface TransferServer {
  serveUpload<Head, Tail, Result>(
    contract: Upload<Head, Tail, Result>,
    answerer: UploadAnswerer<Head, Tail, Result>,
  ): void;
  serveDownload<Head, Result>(
    contract: Download<Head, Result>,
    answerer: DownloadAnswerer<Head, Result>,
  ): void;
}
