/**
 * The NATS that the chart brings, as three real nats-servers with the chart's configuration, under a gateway in its roles: any of them may
 * go, what services keep in JetStream is kept on all, and nobody enters who should not.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import { aesVersions } from "../aes-versions.ts";
import { backendEnv } from "../gateway-settings.ts";
import { type Broker, brokerEnv, startBroker } from "../helm/broker.ts";
import { answersHttp, type Child, runToEnd, startChild, untilReady } from "../servers/child.ts";
import { startDevStoreProcess } from "../servers/dev-store.ts";
import { freePort, makeScratch, type Scratch } from "../servers/place.ts";

const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts");
const USER = {
  accessKeyId: "BROKERACCESSKEY00001",
  secretAccessKey: "broker-secret-0123456789abcdef",
};
const Bucket = "broker";
const VERSIONS_STREAM = "KV_s3eg-keys";

/** A stream, as a server says what it keeps. */
interface KeptStream {
  readonly name: string;
  readonly config: { readonly num_replicas: number };
}

describe("the NATS of the chart", () => {
  const things = new AsyncDisposableStack();
  let scratch: Scratch;
  let broker: Broker;
  let client: S3Client;
  let settings: Record<string, Record<string, string>>;

  const launch = async (role: string, more: Record<string, string> = {}) => {
    const metrics = `127.0.0.1:${await freePort()}`;
    const env = { ...settings[role], ...more, METRICS_ADDR: metrics };
    const args = [MAIN, "serve", role];
    const child = things.use(await startChild({ program: process.execPath, args, env }));
    return { child, probes: `http://${metrics}` };
  };
  const start = async (role: string, more: Record<string, string> = {}): Promise<Child> => {
    const { child, probes } = await launch(role, more);
    await untilReady(role, [child], { probe: () => answersHttp(`${probes}/ready`, 200) });
    return child;
  };
  const keys = (args: readonly string[]) =>
    runToEnd({
      ...{ program: process.execPath, args: [MAIN, "keys", ...args] },
      env: { ...settings.keys, NATS_REPLICAS: "3" },
    });
  /** On how many servers the decisions about key versions are to lie, as each says that keeps them. */
  const replicas = async (): Promise<number[]> => {
    const found: number[] = [];
    for (const server of broker.servers) {
      const { account_details: accounts = [] } = (await server.look(
        "/jsz?accounts=true&streams=true&config=true",
      )) as { account_details?: { stream_detail?: KeptStream[] }[] };
      const streams = accounts.flatMap(({ stream_detail = [] }) => stream_detail);
      const kept = streams.find(({ name }) => name === VERSIONS_STREAM);
      if (kept) found.push(kept.config.num_replicas);
    }
    return found;
  };
  const enter = async (seedFile: string) => {
    const { ca, client: shown } = broker.pki;
    return await connect({
      servers: broker.servers.map(({ url }) => url),
      authenticator: nkeyAuthenticator(await readFile(seedFile)),
      tls: { caFile: ca, certFile: shown.cert, keyFile: shown.key },
    });
  };
  const putAndGet = async (Key: string) => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: `sealed ${Key}` }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    equal(await Body?.transformToString(), `sealed ${Key}`);
  };

  before(async () => {
    scratch = things.use(await makeScratch("helm-broker"));
    broker = things.use(await startBroker("bundled-nats"));
    const backend = backendEnv(things.use(await startDevStoreProcess()));
    const ports = { s3: await freePort(), bodies: await freePort() };
    const keysSecret = { KEYS_SECRET: randomBytes(32).toString("base64") };
    const common = {
      LOG_LEVEL: "warn",
      SERVICE_SECRET: randomBytes(32).toString("base64"),
      SERVER_DISABLE_MULTIPART_UPLOADS: "true",
    };
    const of = (role: string, own: Record<string, string>) => ({
      ...{ ...common, ...own, ...brokerEnv(broker, role), DATA_DIR: join(scratch.folder, role) },
    });
    settings = {
      keys: of("keys", {
        ...{ ...keysSecret, ...aesVersions(2) },
        KEY_MANAGER_ENABLED: "true",
        KEY_MANAGER_PROVIDER: "self_contained",
        SELF_CONTAINED_TYPE: "aes",
      }),
      crypto: of("crypto", {
        ...{ ...keysSecret, ...backend },
        CRYPTO_LISTEN_ADDR: `127.0.0.1:${ports.bodies}`,
        CRYPTO_ADVERTISE_URL: `http://127.0.0.1:${ports.bodies}`,
      }),
      edge: of("edge", {
        ...backend,
        LISTEN_ADDR: `127.0.0.1:${ports.s3}`,
        GW_ACCESS_KEY_1: USER.accessKeyId,
        GW_SECRET_KEY_1: USER.secretAccessKey,
      }),
    };
    client = new S3Client({
      ...{ credentials: USER, region: "us-east-1", forcePathStyle: true, maxAttempts: 8 },
      endpoint: `http://127.0.0.1:${ports.s3}`,
    });
  });
  after(async () => {
    client?.destroy();
    await things.disposeAsync();
  });

  it("is one cluster of three servers with JetStream", async () => {
    for (const server of broker.servers) {
      const { meta_cluster: cluster } = (await server.look("/jsz")) as {
        meta_cluster?: { cluster_size?: number };
      };
      equal(cluster?.cluster_size, 3);
    }
    equal(broker.servers.length, 3);
  });

  it("keeps decisions about key versions on one server unless told, and is not used where NATS_REPLICAS wants more until an operator has seen to it", async () => {
    const first = await start("keys");
    deepEqual(await replicas(), [1]);
    await first.stop();
    const starting = await launch("keys", { NATS_REPLICAS: "3" });
    const remedy = `nats stream edit ${VERSIONS_STREAM} --replicas=3`;
    await untilReady("the remedy", [starting.child], {
      probe: async () => starting.child.logTail().includes(remedy),
    });
    equal(await answersHttp(`${starting.probes}/ready`, 200), false);
    const operator = await enter(broker.users.anybody);
    const { streams } = await jetstreamManager(operator);
    await streams.update(VERSIONS_STREAM, { num_replicas: 3 });
    await operator.close();
    await untilReady("keys", [starting.child], {
      probe: () => answersHttp(`${starting.probes}/ready`, 200),
    });
    deepEqual(await replicas(), [3, 3, 3]);
  });

  it("serves the gateway while any one of its servers is away, and lets a key version be changed meanwhile", async () => {
    await start("crypto");
    await start("edge", { NATS_REPLICAS: "3" });
    await client.send(new CreateBucketCommand({ Bucket }));
    await putAndGet("before");
    for (const [at, server] of broker.servers.entries()) {
      await server.kill();
      await putAndGet(`without-${at}`);
      await keys(["rotate", String((at % 2) + 1)]);
      match(await keys(["list"]), new RegExp(`active +\\S+ +${(at % 2) + 1} `));
      await server.start();
    }
    await putAndGet("after");
  });

  it("goes as the pod's preStop asks it to, and comes back", async () => {
    const [first] = broker.servers;
    ok(first);
    equal(await first.leave(), 0);
    await putAndGet("left");
    await first.start();
    await putAndGet("back");
  });

  it("lets nobody in without a certificate of the services, nor with one and no key of a service", async () => {
    const { users, pki, servers } = broker;
    const options = { servers: servers.map(({ url }) => url), reconnect: false };
    const seed = await readFile(users.seedOf("edge"));
    const named = { ...options, authenticator: nkeyAuthenticator(seed) };
    // The client has shaken hands by the time it is refused: it hears the alert, or a reset that overtakes it.
    await rejects(connect({ ...named, tls: { caFile: pki.ca } }), /certificate|closed|ECONNRESET/i);
    const said = /client didn't provide a certificate/;
    await untilReady("a refusal", [], {
      probe: async () => servers.some(({ logTail }) => said.test(logTail())),
      timeoutMs: 30_000,
    });
    const tls = { caFile: pki.ca, certFile: pki.client.cert, keyFile: pki.client.key };
    await rejects(connect({ ...options, tls }), /authorization/i);
    const guest = await enter(users.seedOf("edge"));
    await guest.close();
  });

  it("takes no further server that shows the certificate of a service", async () => {
    const service = await broker.pki.peerNamed("edge", "edge");
    const intruder = await broker.intrude(service);
    await untilReady("a refusal", [intruder], {
      probe: async () => /Route Error 'Authorization Violation'/.test(intruder.logTail()),
      timeoutMs: 30_000,
    });
    for (const server of broker.servers) {
      const { routes = [] } = (await server.look("/routez")) as {
        routes?: { remote_name: string }[];
      };
      ok(routes.length > 0);
      ok(!routes.some(({ remote_name }) => remote_name === "intruder"));
    }
    await intruder.stop();
  });
});
