/** Transfers between roles of one process: the body itself is handed over, with the rules of the wire around it. */
import type { Download, Upload } from "../contracts/contract.ts";
import { Fault } from "../faults.ts";
import type { Log } from "../runtime/log.ts";
import type { Body } from "./body.ts";
import type {
  DownloadAnswerer,
  TransferClient,
  TransferContext,
  TransferOptions,
  TransferServer,
  UploadAnswerer,
} from "./transfer.ts";
import {
  type GuardedDownload,
  type GuardedUpload,
  guardDownload,
  guardUpload,
} from "./transfer-answering.ts";
import { parseAs } from "./transfer-wire.ts";

/** Both ends of transfers in this process. */
export class LocalTransfers implements TransferClient, TransferServer {
  readonly #log: Log;
  readonly #uploads = new Map<string, GuardedUpload>();
  readonly #downloads = new Map<string, GuardedDownload>();

  constructor({ log }: { log: Log }) {
    this.#log = log;
  }

  serveUpload<Head, Tail, Result>(
    contract: Upload<Head, Tail, Result>,
    answerer: UploadAnswerer<Head, Tail, Result>,
  ): void {
    this.#refuseTwice(contract.path);
    this.#uploads.set(contract.path, guardUpload(contract, answerer, this.#log));
  }

  serveDownload<Head, Result>(
    contract: Download<Head, Result>,
    answerer: DownloadAnswerer<Head, Result>,
  ): void {
    this.#refuseTwice(contract.path);
    this.#downloads.set(contract.path, guardDownload(contract, answerer, this.#log));
  }

  /** True if a role of this process answers the transfer. */
  serves(contract: { readonly path: string }): boolean {
    return this.#uploads.has(contract.path) || this.#downloads.has(contract.path);
  }

  async upload<Head, Tail, Result>(
    contract: Upload<Head, Tail, Result>,
    sending: { head: Head; body: Body; tail: () => Tail },
    options: TransferOptions,
  ): Promise<Result> {
    const asker = new Asker(options);
    const body = new SentBody(sending.body, asker);
    const stop = asker.whenGone((reason) => body.destroy(reason));
    try {
      options.signal?.throwIfAborted();
      const head = headOf(contract, sending.head);
      const answerer = found(this.#uploads, contract.path);
      const result = await answerer({ head, body, tail: sending.tail }, asker.context);
      return parseAs(contract.result, result, { code: "internal.bug", what: "result" });
    } catch (error) {
      body.destroy(error);
      asker.leave(error);
      throw body.ownFailure ? body.ownFailure.reason : (asker.abortReason ?? error);
    } finally {
      stop();
      asker.forget();
    }
  }

  async download<Head, Result>(
    contract: Download<Head, Result>,
    head: Head,
    options: TransferOptions,
  ): Promise<{ result: Result; body: Body }> {
    const asker = new Asker(options);
    try {
      options.signal?.throwIfAborted();
      const answerer = found(this.#downloads, contract.path);
      const answer = await answerer(headOf(contract, head), asker.context);
      const what = `result of ${contract.path}`;
      const result = parseAs(contract.result, answer.result, { code: "internal.bug", what });
      const body = receivedBody(answer.body, asker);
      if (options.signal?.aborted) body.destroy(options.signal.reason);
      options.signal?.throwIfAborted();
      return { result, body };
    } catch (error) {
      asker.leave(error);
      asker.forget();
      throw error;
    }
  }

  #refuseTwice(path: string): void {
    if (this.serves({ path })) throw new Error(`${path} is served already`);
  }
}

function headOf<Head>(contract: Pick<Download<Head, unknown>, "path" | "head">, head: Head): Head {
  return parseAs(contract.head, head, { code: "input.invalid", what: `head of ${contract.path}` });
}

function found<Guarded>(answerers: ReadonlyMap<string, Guarded>, path: string): Guarded {
  const answerer = answerers.get(path);
  if (!answerer) throw new Fault("crypto.unavailable", `nobody answers ${path}`);
  return answerer;
}

/** The asker as the answerer knows it: gone when its signal says so, or when it lets go of the body. */
class Asker {
  readonly #gone = new AbortController();
  readonly #options: TransferOptions;
  readonly #onAbort = () => this.leave(this.#options.signal?.reason);

  constructor(options: TransferOptions) {
    this.#options = options;
    options.signal?.addEventListener("abort", this.#onAbort);
  }

  get context(): TransferContext {
    const { requestId, traceparent } = this.#options;
    return { requestId, signal: this.#gone.signal, ...(traceparent ? { traceparent } : {}) };
  }

  get abortReason(): unknown {
    const { signal } = this.#options;
    return signal?.aborted ? (signal.reason as unknown) : undefined;
  }

  leave(reason: unknown): void {
    this.#gone.abort(reason);
  }

  whenGone(act: (reason: unknown) => void): () => void {
    const { signal } = this.#gone;
    const listener = () => act(signal.reason);
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
  }

  forget(): void {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }
}

/** The asker's body in the answerer's hands; knows whether it failed by itself or because of the taker. */
class SentBody implements Body {
  readonly #body: Body;
  readonly #asker: Asker;
  #hasTakerFailed = false;
  ownFailure: { readonly reason: unknown } | undefined;

  constructor(body: Body, asker: Asker) {
    this.#body = body;
    this.#asker = asker;
  }

  async pump(take: (piece: Uint8Array) => void | Promise<void>): Promise<void> {
    try {
      await this.#body.pump((piece) => {
        try {
          const taken = take(piece);
          return taken?.catch((error: unknown) => this.#takerFailed(error));
        } catch (error) {
          return this.#takerFailed(error);
        }
      });
    } catch (error) {
      // A taker that wants no more has its answer still to give: a backend's refusal that came before the body had ended.
      if (!this.#hasTakerFailed) {
        this.ownFailure = { reason: error };
        this.#asker.leave(error);
      }
      throw error;
    }
  }

  destroy(reason?: unknown): void {
    this.#hasTakerFailed = true;
    this.#body.destroy(reason);
  }

  #takerFailed(error: unknown): never {
    this.#hasTakerFailed = true;
    throw error;
  }
}

/** The owner's body in the asker's hands: letting go of it tells the answerer. */
function receivedBody(body: Body, asker: Asker): Body {
  const stop = asker.whenGone((reason) => body.destroy(reason));
  const end = (): void => {
    stop();
    asker.forget();
  };
  return {
    async pump(take) {
      try {
        await body.pump(take);
      } catch (error) {
        asker.leave(error);
        throw error;
      } finally {
        end();
      }
    },
    destroy(reason = new Fault("client.gone", "asker let go of the body")) {
      asker.leave(reason);
      end();
    },
  };
}
