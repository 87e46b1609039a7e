/**
 * Audit events to a server over TLS, under load: it is away for a minute and comes back, at first as somebody else; and every process
 * of a gateway in its roles, and the broker, is killed outright. Every acknowledged write has its event there, in an unbroken chain.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { s3ClientOf } from "../clients/s3-client.ts";
import { type DistributedGateway, startDistributed, startGateway } from "../gateway.ts";
import {
  chainProblems,
  type EventReceiver,
  eachOnce,
  startEventReceiver,
} from "../servers/event-receiver.ts";
import { makeScratch } from "../servers/place.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { makeTestPki, type TestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const Bucket = "audited";
const AWAY_MS = 60_000;
const IMPOSTOR_MS = 8000;
const ARRIVAL_MS = 120_000;
const BETWEEN_KILLS = 60;

describe("audit events to a server", () => {
  const servers = new AsyncDisposableStack();
  const chainKey = randomBytes(32);
  let backend: S3Server;
  let pki: TestPki;
  let impostors: TestPki;

  before(async () => {
    const { folder } = servers.use(await makeScratch("audit-receiver"));
    for (const name of ["pki", "other"]) await mkdir(join(folder, name));
    [pki, impostors] = [
      await makeTestPki(join(folder, "pki")),
      await makeTestPki(join(folder, "other")),
    ];
    backend = servers.use(await startVersitygw());
  });
  after(() => servers.disposeAsync());

  function envOf({ url }: EventReceiver): Record<string, string> {
    return {
      AUDIT_ENABLED: "true",
      AUDIT_CHAIN_KEY: chainKey.toString("hex"),
      AUDIT_SINK_TYPE: "http",
      AUDIT_SINK_ENDPOINT: url,
      AUDIT_SINK_TLS_CA_FILE: pki.ca,
      AUDIT_SINK_TLS_CERT_FILE: pki.client.cert,
      AUDIT_SINK_TLS_KEY_FILE: pki.client.key,
      AUDIT_SINK_RETRY_BACKOFF: "500ms",
    };
  }

  /** Every write that was acknowledged has arrived, in order, in an unbroken chain, and more than once only what a lost answer explains. */
  async function checkArrived(receiver: EventReceiver, acknowledged: readonly Written[]) {
    const deadline = Date.now() + ARRIVAL_MS;
    const arrived = () => new Map(receiver.events.map((event) => [event.event_id, event]));
    const missing = () => acknowledged.filter(({ id }) => !arrived().has(id));
    while (missing().length > 0 && Date.now() < deadline) await sleep(500);
    equal(missing().length, 0, JSON.stringify(missing().slice(0, 3)));
    const events = arrived();
    const wrong = acknowledged.filter(({ id, operation, key }) => {
      const event = events.get(id);
      return !event?.success || event.operation !== operation || event.key !== key;
    });
    deepEqual(wrong.slice(0, 3), []);
    ok(receiver.events.length > eachOnce(receiver.events).length, "answers were lost");
    deepEqual(chainProblems(eachOnce(receiver.events), chainKey).slice(0, 3), []);
  }

  it("loses none while it is away for a minute, and tells none to an impostor", async (t) => {
    await using receiver = await startEventReceiver(pki);
    await using gateway = await startGateway({ backend, env: envOf(receiver) });
    const load = await writeWith([gateway], 4);
    await load.acknowledgedSince(0, 100);
    await receiver.down();
    const before_ = load.acknowledged.length;
    await sleep(AWAY_MS - IMPOSTOR_MS);
    const got = receiver.events.length;
    await receiver.up(impostors.server);
    await sleep(IMPOSTOR_MS);
    equal(receiver.events.length, got);
    await receiver.down();
    const meanwhile = load.acknowledged.length - before_;
    await receiver.up();
    await load.acknowledgedSince(load.acknowledged.length, 100);
    await load.stop();
    deepEqual(load.errors, []);
    ok(meanwhile > 200, `${meanwhile} writes were acknowledged meanwhile`);
    await checkArrived(receiver, load.acknowledged);
    t.diagnostic(`${load.acknowledged.length} writes acknowledged, ${meanwhile} while it was away`);
  });

  it("loses none when edge, crypto, keys, audit and the broker are killed outright", async (t) => {
    await using receiver = await startEventReceiver(pki);
    const env = envOf(receiver);
    const counts = { edges: 2, cryptos: 2, keys: 2 };
    await using gateway = await startDistributed({ backend, env }, counts);
    const edges = gateway.endpoints.map((endpoint) => ({ ...gateway, endpoint }));
    const load = await writeWith(edges, 4);
    for (const what of VICTIMS) {
      await load.acknowledgedSince(load.acknowledged.length, BETWEEN_KILLS);
      await gateway.killAndStartAgain(what);
      t.diagnostic(`${JSON.stringify(what)} killed after ${load.acknowledged.length} writes`);
    }
    await load.acknowledgedSince(load.acknowledged.length, BETWEEN_KILLS);
    await load.stop();
    await checkArrived(receiver, load.acknowledged);
    t.diagnostic(`${load.acknowledged.length} writes acknowledged, ${load.errors.length} not`);
  });
});

const VICTIMS: readonly Parameters<DistributedGateway["killAndStartAgain"]>[0][] = [
  { role: "edge" },
  { role: "crypto" },
  { role: "keys" },
  { role: "audit" },
  "broker",
  { role: "audit" },
];

/** A write that a client was told had succeeded. */
interface Written {
  readonly id: string;
  readonly operation: string;
  readonly key: string;
}

/** Clients that put and delete until they are stopped. */
async function writeWith(sites: readonly S3Server[], clientsOfEach: number) {
  const acknowledged: Written[] = [];
  const errors: string[] = [];
  let isStopped = false;
  const clients = sites.map((site) => s3ClientOf(site));
  await clients[0]?.send(new CreateBucketCommand({ Bucket })).catch(() => undefined);
  const write = async (name: string, s3: ReturnType<typeof s3ClientOf>) => {
    for (let n = 0; !isStopped; n++) {
      const Key = `${name}/${n}`;
      try {
        const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
        acknowledged.push({ id: put.$metadata.requestId ?? "", operation: "PutObject", key: Key });
        if (n % 4 !== 0) continue;
        const gone = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
        const id = gone.$metadata.requestId ?? "";
        acknowledged.push({ id, operation: "DeleteObject", key: Key });
      } catch (error) {
        errors.push(String(error));
        await sleep(50);
      }
    }
  };
  const running = clients.flatMap((s3, site) =>
    Array.from({ length: clientsOfEach }, (_, n) => write(`${site}-${n}`, s3)),
  );
  return {
    acknowledged,
    errors,
    async acknowledgedSince(start: number, more: number) {
      while (acknowledged.length < start + more) await sleep(20);
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
      for (const s3 of clients) s3.destroy();
    },
  };
}
