/** What a server does with a request body that nobody wants any more. */
import type { IncomingMessage } from "node:http";

/**
 * Takes and drops what the client still sends, so that it gets to read the answer: closing a socket with unread bytes in it resets
 * the connection, and the answer is lost on the way. Call it between writing the answer and ending it, with `connection: close`
 * in its header. Resolves at the end of the request, when the client is gone, or at the limits. `pauseMs`: between two pieces, for
 * clients that are to be slowed down; most read the answer and stop before they have sent all.
 */
export async function dropRest(
  request: IncomingMessage,
  { maxBytes = 4 * 1024 * 1024, timeoutMs = 2000, pauseMs = 0 } = {},
): Promise<void> {
  if (request.complete || request.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  let missingBytes = maxBytes;
  let pausing: NodeJS.Timeout | undefined;
  const onData = (piece: Buffer) => {
    missingBytes -= piece.byteLength;
    if (missingBytes < 0) resolve();
    else if (pauseMs > 0) {
      request.pause();
      pausing = setTimeout(() => request.resume(), pauseMs);
    }
  };
  const onEnd = () => resolve();
  const timer = setTimeout(resolve, timeoutMs);
  request.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
  request.resume();
  await promise;
  clearTimeout(timer);
  clearTimeout(pausing);
  request.pause();
  request.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
}
