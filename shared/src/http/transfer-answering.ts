/** What both kinds of transfer do alike on the owner's side: schemas around the answerer, and no result of a body that is not whole. */
import type { Download, Upload } from "../contracts/contract.ts";
import { Fault } from "../faults.ts";
import type { Log } from "../runtime/log.ts";
import type { Body } from "./body.ts";
import { endedShortLived } from "./short-lived.ts";
import type { DownloadAnswerer, TransferContext, UploadAnswerer } from "./transfer.ts";
import { parseAs } from "./transfer-wire.ts";

/** An upload's answerer as a carrier calls it: takes and gives what crossed the wire, rejects with nothing but a Fault. */
export type GuardedUpload = (
  received: { head: unknown; body: Body; tail: () => unknown },
  context: TransferContext,
) => Promise<unknown>;

/** A download's answerer as a carrier calls it. */
export type GuardedDownload = (
  head: unknown,
  context: TransferContext,
) => Promise<{ result: unknown; body: Body; sizeBytes: number }>;

/** Puts the contract's schemas around an upload's answerer. A result given before the body was taken to its end is `internal.bug`. */
export function guardUpload<Head, Tail, Result>(
  contract: Upload<Head, Tail, Result>,
  answerer: UploadAnswerer<Head, Tail, Result>,
  log: Log,
): GuardedUpload {
  const { path } = contract;
  return async (received, context) => {
    let tail: { value: Tail } | undefined;
    const body: Body = {
      async pump(take) {
        await received.body.pump(take);
        const code = "input.invalid";
        tail = {
          value: parseAs(contract.tail, received.tail(), { code, what: `tail of ${path}` }),
        };
      },
      destroy: (reason) => received.body.destroy(reason),
    };
    const readTail = () => {
      if (!tail) throw new Error("the tail is known only when the body has ended");
      return tail.value;
    };
    try {
      const head = parseHead(contract, received.head);
      const result = await answerer({ head, body, tail: readTail }, context);
      if (!tail) throw new Error("answered before the body had ended");
      return parseAs(contract.result, result, { code: "internal.bug", what: `result of ${path}` });
    } catch (error) {
      received.body.destroy(error);
      throw faultOf(error, { log, path, context });
    } finally {
      endedShortLived();
    }
  };
}

/** Puts the contract's schemas around a download's answerer. */
export function guardDownload<Head, Result>(
  contract: Download<Head, Result>,
  answerer: DownloadAnswerer<Head, Result>,
  log: Log,
): GuardedDownload {
  const { path } = contract;
  return async (head, context) => {
    let body: Body | undefined;
    try {
      const answer = await answerer(parseHead(contract, head), context);
      body = answer.body;
      const { sizeBytes } = answer;
      const what = `result of ${path}`;
      const result = parseAs(contract.result, answer.result, { code: "internal.bug", what });
      return { result, body: exactly(answer.body, sizeBytes), sizeBytes };
    } catch (error) {
      body?.destroy(error);
      endedShortLived();
      throw faultOf(error, { log, path, context });
    }
  };
}

/**
 * A body of exactly `sizeBytes` bytes, `transfer.broken` otherwise. Its last piece is withheld until the source has ended properly:
 * a length is announced, so whoever has all the bytes takes the body for whole.
 */
function exactly(body: Body, sizeBytes: number): Body {
  let missingBytes = sizeBytes;
  let last: Uint8Array | undefined;
  const wrongSize = () => new Fault("transfer.broken", `body is not ${sizeBytes} bytes long`);
  return {
    async pump(take) {
      try {
        await body.pump((piece) => {
          missingBytes -= piece.byteLength;
          if (missingBytes < 0) throw wrongSize();
          if (missingBytes > 0) return take(piece);
          last ??= piece;
          return undefined;
        });
        if (missingBytes > 0) throw wrongSize();
        if (last) await take(last);
      } finally {
        endedShortLived();
      }
    },
    destroy(reason) {
      body.destroy(reason);
      endedShortLived();
    },
  };
}

function parseHead<Head>(
  { path, head: schema }: Pick<Download<Head, unknown>, "path" | "head">,
  head: unknown,
): Head {
  return parseAs(schema, head, { code: "input.invalid", what: `head of ${path}` });
}

function faultOf(
  error: unknown,
  { log, path, context }: { log: Log; path: string; context: TransferContext },
): Fault {
  if (error instanceof Fault && error.code !== "internal.bug") return error;
  log.error({ err: error, path, requestId: context.requestId }, "transfer failed");
  return error instanceof Fault
    ? error
    : new Fault("internal.bug", "internal error", { cause: error });
}
