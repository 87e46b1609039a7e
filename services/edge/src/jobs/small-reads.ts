/**
 * Reads of small objects are over before their bytes are passed on: a server that locks an object for the time of a conditional PUT (MinIO)
 * waits for whoever reads it, and would wait for ever for who reads it to write it.
 */

import { Fault } from "@s3eg/shared/faults.ts";
import { bodyOfBytes, collectBody } from "@s3eg/shared/http/body.ts";
import type { TransferClient } from "@s3eg/shared/http/transfer.ts";
import { z } from "zod";

const Sized = z.object({ range: z.object({ length: z.number().nonnegative() }) });

/** The same transfers; a body of at most `smallBytes` is held in memory. */
export function readingSmallFirst(crypto: TransferClient, smallBytes: number): TransferClient {
  return {
    upload: (contract, sending, options) => crypto.upload(contract, sending, options),
    async download(contract, head, options) {
      const { result, body } = await crypto.download(contract, head, options);
      const sized = Sized.safeParse(result);
      if (!sized.success || sized.data.range.length > smallBytes) return { result, body };
      const bytes = await collectBody(body, smallBytes, tooLong);
      return { result, body: bodyOfBytes(bytes) };
    },
  };
}

function tooLong(): Fault {
  return new Fault("internal.bug", "a body is longer than was said");
}
