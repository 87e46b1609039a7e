/**
 * A crowd of clients in a process of its own: crowd.ts '{"endpoint", "accessKey", "secretKey", "slow", "heavy"}'. `slow` of them send
 * a byte of a body each second, `heavy` of them put 64 MiB as fast as they are let, over and over; who is told to come again later
 * does. Prints what they did as JSON when it is stopped.
 */
import { type ClientRequest, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Signer, signRaw } from "../features/raw-request.ts";

/** What the crowd is made of. */
export interface Crowd extends Signer {
  readonly slow: number;
  readonly heavy: number;
}

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
const PIECE = Buffer.alloc(256 * 1024, "crowd");
const SLOW_SECONDS = 1;
/** Like SDKs, who come again some time after they were refused, and later each time. */
const RETRY_MS = { first: 1000, most: 16_000 };

const told = JSON.parse(process.argv[2] ?? "{}") as Crowd;
const done: Record<string, number> = {};
const count = (what: string, by = 1) => {
  done[what] = (done[what] ?? 0) + by;
};

for (let n = 0; n < told.slow; n++) keepOn(() => put(`/sink/slow-${n}`, drip));
for (let n = 0; n < told.heavy; n++) keepOn(() => put(`/sink/heavy-${n}`, pour));
process.once("SIGTERM", () => {
  process.stdout.write(JSON.stringify(done), () => process.exit(0));
});

function keepOn(act: () => Promise<boolean>, retryMs = RETRY_MS.first): void {
  act()
    .then(async (isDone) => {
      if (!isDone) await sleep(retryMs * (0.5 + Math.random()));
      keepOn(act, isDone ? RETRY_MS.first : Math.min(RETRY_MS.most, 2 * retryMs));
    })
    .catch((error: unknown) => {
      throw error;
    });
}

type Sending = (request: ClientRequest) => Promise<void>;

/** True if the object was taken. */
async function put(path: string, send: Sending): Promise<boolean> {
  const { hostname, port } = new URL(told.endpoint);
  const sized = { "content-length": String(SIZE) };
  const raw = { method: "PUT", path, headers: sized, payloadHash: "UNSIGNED-PAYLOAD" };
  const { headers } = signRaw(told, raw);
  const request = httpRequest({ hostname, port, method: "PUT", path, headers, agent: false });
  const { promise, resolve } = Promise.withResolvers<number | string>();
  request.on("response", (response) => {
    resolve(response.statusCode ?? 0);
    response.resume();
  });
  request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
  const answered = promise.then((outcome) => {
    count(`${path.split("/").at(-1)?.split("-")[0] ?? ""} ${outcome}`);
    if (outcome !== 200) request.destroy();
    return outcome;
  });
  await Promise.race([answered, send(request)]);
  return (await answered) === 200;
}

async function pour(request: ClientRequest): Promise<void> {
  for (let sent = 0; sent < SIZE && !request.destroyed; sent += PIECE.length) {
    if (!request.write(PIECE)) await drained(request);
    count("bytes", PIECE.length);
  }
  request.end();
}

async function drained(request: ClientRequest): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  request.once("drain", resolve).once("close", resolve);
  await promise;
  request.off("drain", resolve).off("close", resolve);
}

async function drip(request: ClientRequest): Promise<void> {
  while (!request.destroyed) {
    request.write("x");
    await sleep(SLOW_SECONDS * 1000);
  }
}
