/** Clients that do not keep up: they send little at a time, read little at a time, or stop reading for a while. */
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Server } from "../e2e/servers/s3-server.ts";
import { type Payload, signerFor } from "./load.ts";

/** How a reader reads; each gives up or ends on its own. */
export type Reading = (answer: IncomingMessage) => Promise<void>;

/** Puts that are sent piece by piece with a pause between two pieces. */
export function slowly(payload: Payload, pauseMs: number): Payload {
  return {
    ...payload,
    async *body() {
      for await (const piece of payload.body() as AsyncIterable<Buffer>) {
        yield piece;
        await sleep(pauseMs);
      }
    },
  };
}

/** Reads `bytesPerSecond` for some seconds, then goes away. */
export function readingSlowly(bytesPerSecond: number, seconds: number): Reading {
  return async (answer) => {
    const start = performance.now();
    let bytes = 0;
    for await (const piece of answer) {
      bytes += (piece as Buffer).byteLength;
      const elapsedMs = performance.now() - start;
      if (elapsedMs > seconds * 1000) break;
      await sleep(Math.max(0, (bytes / bytesPerSecond) * 1000 - elapsedMs));
    }
  };
}

/** Reads the first piece, nothing for some seconds, then the rest. Throws when it is not `bytes` in all. */
export function stoppingFor(seconds: number, bytes: number): Reading {
  return async (answer) => {
    let read = 0;
    for await (const piece of answer) {
      if (read === 0) await sleep(seconds * 1000);
      read += (piece as Buffer).byteLength;
    }
    if (read !== bytes) throw new Error(`a patient reader got ${read} of ${bytes} bytes`);
  };
}

/** So many readers of one object at once. Resolves when all are through; throws when any is not answered 200. */
export async function readAll(
  server: S3Server,
  { path, readers, reading }: { path: string; readers: number; reading: Reading },
): Promise<void> {
  const sign = signerFor(server, "GET");
  await Promise.all(
    Array.from({ length: readers }, async () => {
      const answer = await get(server, path, sign(path));
      if (answer.statusCode !== 200) throw new Error(`GET ${path}: status ${answer.statusCode}`);
      await reading(answer).finally(() => answer.destroy());
    }),
  );
}

function get(
  { endpoint }: S3Server,
  path: string,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(`${endpoint}${path}`, { headers, agent: false }, resolve).on("error", reject).end();
  });
}
