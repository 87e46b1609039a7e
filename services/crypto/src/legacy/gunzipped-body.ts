/** Plaintext that was compressed before it was sealed: gzip of exactly the recorded size (docs/format-1.md §9). */
import { createGunzip } from "node:zlib";
import { Fault } from "@s3eg/shared/faults.ts";
import type { Body, Take } from "@s3eg/shared/http/body.ts";
import { bodyOfReadable } from "@s3eg/shared/http/node-body.ts";

/** The bytes from `start` to `end` of what `body` holds compressed. `crypto.integrity` unless it is `sizeBytes` bytes long. */
export function gunzippedBody(
  body: Body,
  sizeBytes: number,
  { start, end }: { readonly start: number; readonly end: number },
): Body {
  return {
    async pump(take: Take) {
      const gunzip = createGunzip();
      // A stream that is destroyed with its output full never says so to the write it holds.
      let abandon: (reason: unknown) => void = () => undefined;
      gunzip.once("close", () => abandon(wrong()));
      const feeding = body
        .pump(
          (piece) =>
            new Promise<void>((resolve, reject) => {
              abandon = reject;
              gunzip.write(piece, (error) => (error ? reject(error) : resolve()));
            }),
        )
        .then(
          () => void gunzip.end(),
          (error: unknown) => void gunzip.destroy(error instanceof Error ? error : undefined),
        );
      let at = 0;
      try {
        await bodyOfReadable(gunzip, { goneFault: wrong }).pump((piece) => {
          const from = Math.max(0, start - at);
          const to = Math.min(piece.byteLength, end - at);
          at += piece.byteLength;
          if (at > sizeBytes) throw wrong();
          return from < to ? take(piece.subarray(from, to)) : undefined;
        });
      } catch (error) {
        body.destroy(error);
        throw error;
      } finally {
        await feeding;
      }
      if (at !== sizeBytes) throw wrong();
    },
    destroy: (reason) => body.destroy(reason),
  };
}

function wrong(cause?: unknown): Fault {
  return new Fault("crypto.integrity", "compressed object is not what it was recorded as", {
    cause,
  });
}
