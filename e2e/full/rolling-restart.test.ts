/**
 * Every process of a gateway is restarted in turn by SIGTERM, and then the broker is killed, while clients write and read through a load
 * balancer. Counted are requests as clients make them, each with the retries that the SDK makes by itself: none may fail in the end, and
 * what was acknowledged is there.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type DistributedGateway, startDistributed } from "../gateway.ts";
import { type Balancer, startBalancer } from "../servers/balancer.ts";
import { freePort } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const Bucket = "rolling";
const WRITERS = 4;
const SIZES = [700, 65_536, 1_000_000, 3_000_000];
/** The order in which an operator would go: what is asked before those that ask. */
const ORDER = [
  { role: "audit", number: 0 },
  { role: "keys", number: 0 },
  { role: "keys", number: 1 },
  { role: "crypto", number: 0 },
  { role: "crypto", number: 1 },
  { role: "edge", number: 0 },
  { role: "edge", number: 1 },
  { role: "admin", number: 0 },
] as const;

/** What the clients saw. */
interface Seen {
  readonly acknowledged: Map<string, string>;
  readonly failures: string[];
  puts: number;
  gets: number;
  /** Requests that took more than one attempt. */
  retried: number;
}

describe("a rolling restart under load", () => {
  const servers = new AsyncDisposableStack();
  let gateway: DistributedGateway;
  let balancer: Balancer;
  let client: S3Client;

  before(async () => {
    const backend = servers.use(await startVersitygw());
    const env = {
      ADMIN_ENABLED: "true",
      ADMIN_ADDRESS: `127.0.0.1:${await freePort()}`,
      ADMIN_AUTH_TOKEN: randomBytes(32).toString("hex"),
      ADMIN_ALLOW_INLINE_TOKEN: "true",
      AUDIT_ENABLED: "true",
    };
    const counts = { edges: 2, cryptos: 2, keys: 2, admins: 1 };
    gateway = servers.use(await startDistributed({ backend, env }, counts));
    balancer = servers.use(await startBalancer(gateway.endpoints));
    client = clientOf({ ...gateway, endpoint: balancer.endpoint });
    await client.send(new CreateBucketCommand({ Bucket }));
  });
  after(async () => {
    client.destroy();
    await servers.disposeAsync();
  });

  it("loses no acknowledged object and fails no request of clients that try again", async (t) => {
    const seen: Seen = { acknowledged: new Map(), failures: [], puts: 0, gets: 0, retried: 0 };
    const stop = new AbortController();
    const working = Array.from({ length: WRITERS }, (_, n) => work(client, { n, seen, stop }));
    for (const what of ORDER) {
      const earlier = { ...seen };
      equal(await gateway.restart(what), 0, `${what.role} ${what.number} ends cleanly`);
      t.diagnostic(
        `${what.role} ${what.number}: ${seen.puts - earlier.puts} PUTs meanwhile, ${seen.retried - earlier.retried} tried again`,
      );
    }
    await gateway.killAndStartAgain("broker");
    const enough = seen.puts + 40;
    while (seen.puts < enough && seen.failures.length === 0) await sleep(100);
    stop.abort();
    await Promise.all(working);
    t.diagnostic(
      `${seen.puts} PUTs, ${seen.gets} GETs, ${seen.retried} took more than one attempt`,
    );
    deepEqual(seen.failures, []);
    ok(seen.puts > 100, `${seen.puts} PUTs`);
    for (const [Key, digest] of seen.acknowledged) equal(await digestOf(client, Key), digest, Key);
  });
});

async function work(
  client: S3Client,
  { n, seen, stop }: { n: number; seen: Seen; stop: AbortController },
): Promise<void> {
  for (let round = 0; !stop.signal.aborted; round++) {
    const Key = `${n}/${round}`;
    const Body = randomBytes(SIZES[round % SIZES.length] ?? 1);
    try {
      const { $metadata } = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      seen.acknowledged.set(Key, hash("sha256", Body));
      seen.puts += 1;
      if (($metadata.attempts ?? 1) > 1) seen.retried += 1;
      if ((await digestOf(client, Key)) !== hash("sha256", Body))
        seen.failures.push(`${Key} is another`);
      seen.gets += 1;
    } catch (error) {
      seen.failures.push(`${Key}: ${String(error)}`);
    }
  }
}

/** SHA-256 of an object; a body that breaks off is read again from its beginning, as transfer managers do. */
async function digestOf(client: S3Client, Key: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    try {
      return hash("sha256", (await Body?.transformToByteArray()) ?? "");
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

/** As the SDK comes, but for the number of attempts: a start takes longer than its three. */
function clientOf({ endpoint, region, accessKey, secretKey }: S3Server): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    maxAttempts: 10,
  });
}
