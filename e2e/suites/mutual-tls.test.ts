/** TLS on every port of a gateway in its roles: it works with the right certificates, and no port lets in who shows another, or none where one is due. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { connect as connectNats } from "@nats-io/transport-node";
import { sendTls } from "../clients/tls-requests.ts";
import { backendEnv } from "../gateway-settings.ts";
import { answersHttp, startChild, untilReady } from "../servers/child.ts";
import { type NatsServer, startNats } from "../servers/nats.ts";
import { freePort, makeScratch } from "../servers/place.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { type Certified, makeTestPki, type TestPki } from "../servers/test-pki.ts";
import { startVersitygw } from "../servers/versitygw.ts";

const MAIN = join(import.meta.dirname, "../../services/cli/src/main.ts");
const USER = { accessKey: "MUTUALTLSACCESS00001", secretKey: "mutual-tls-secret-0123456789" };
const TOKEN = randomBytes(32).toString("hex");
/** What an unanswered connection is waited for. */
const SILENCE_MS = 3000;

/** PEM texts that a client shows. */
interface Certificate {
  readonly cert: string;
  readonly key: string;
}

describe("a gateway whose ports all speak TLS", () => {
  const servers = new AsyncDisposableStack();
  let ours: TestPki;
  let others: TestPki;
  let nats: NatsServer;
  let redis: RedisServer;
  let ports: { s3: number; crypto: number; admin: number };

  before(async () => {
    const scratch = servers.use(await makeScratch("mutual-tls"));
    const foreign = servers.use(await makeScratch("mutual-tls-others"));
    ours = await makeTestPki(scratch.folder);
    others = await makeTestPki(foreign.folder);
    const { ca, server, client } = ours;
    nats = servers.use(
      await startNats({ tls: { certFile: server.cert, keyFile: server.key, caFile: ca } }),
    );
    redis = servers.use(await startRedis({ hasTls: true }));
    const backend = servers.use(await startVersitygw());
    ports = { s3: await freePort(), crypto: await freePort(), admin: await freePort() };
    const common = {
      LOG_LEVEL: "warn",
      NATS_URL: nats.url,
      ...tlsFiles("NATS_TLS", ca, client),
      SERVICE_SECRET: randomBytes(32).toString("base64"),
    };
    const store = {
      ...backendEnv(backend),
    };
    const keysSecret = { KEYS_SECRET: randomBytes(32).toString("base64") };
    const processes: Record<string, Record<string, string>> = {
      edge: {
        ...store,
        ...tlsFiles("SERVICE_TLS", ca, client),
        LISTEN_ADDR: `127.0.0.1:${ports.s3}`,
        TLS_ENABLED: "true",
        TLS_CERT_FILE: server.cert,
        TLS_KEY_FILE: server.key,
        TLS_CLIENT_CA_FILE: ca,
        GW_ACCESS_KEY_1: USER.accessKey,
        GW_SECRET_KEY_1: USER.secretKey,
      },
      crypto: {
        ...{ ...store, ...keysSecret, ...tlsFiles("SERVICE_TLS", ca, server) },
        CRYPTO_LISTEN_ADDR: `127.0.0.1:${ports.crypto}`,
        VALKEY_ADDR: `localhost:${redis.port}`,
        VALKEY_PASSWORD_ENV: "E2E_REDIS_PASSWORD",
        E2E_REDIS_PASSWORD: redis.password,
        ...tlsFiles("VALKEY_TLS", redis.pki?.ca ?? "", redis.pki?.client ?? server),
      },
      "keys admin": {
        ...keysSecret,
        KEY_MANAGER_ENABLED: "true",
        KEY_MANAGER_PROVIDER: "self_contained",
        SELF_CONTAINED_TYPE: "aes",
        SELF_CONTAINED_AES_KEYS: `1=base64:${randomBytes(32).toString("base64")}`,
        ADMIN_ENABLED: "true",
        ADMIN_ADDRESS: `127.0.0.1:${ports.admin}`,
        ADMIN_TLS_ENABLED: "true",
        ADMIN_TLS_CERT_FILE: server.cert,
        ADMIN_TLS_KEY_FILE: server.key,
        ADMIN_ALLOW_INLINE_TOKEN: "true",
        ADMIN_AUTH_TOKEN: TOKEN,
      },
    };
    for (const [roles, own] of Object.entries(processes)) {
      const metrics = `127.0.0.1:${await freePort()}`;
      const place = { METRICS_ADDR: metrics, DATA_DIR: join(scratch.folder, roles) };
      const args = [MAIN, "serve", ...roles.split(" ")];
      const env = { ...common, ...own, ...place };
      const child = servers.use(await startChild({ program: process.execPath, args, env }));
      probes.push(() =>
        untilReady(roles, [child], { probe: () => answersHttp(`http://${metrics}/ready`, 200) }),
      );
    }
    for (const ready of probes) await ready();
  });
  after(() => servers.disposeAsync());
  const probes: (() => Promise<void>)[] = [];

  const request = async (
    method: string,
    path: string,
    { isSigned = true, certificate }: { isSigned?: boolean; certificate?: Certificate } = {},
  ) => {
    const way = { ca: await readFile(ours.ca, "utf8"), isSigned };
    const body = path.endsWith("/key") && method === "PUT" ? { body: "sealed" } : {};
    return await sendTls(
      { endpoint: `https://127.0.0.1:${ports.s3}`, ...USER },
      { method, path, ...body },
      certificate ? { ...way, certificate } : way,
    );
  };

  it("takes an object and gives it back, over five links with TLS", async () => {
    equal((await request("PUT", "/tls")).status, 200);
    equal((await request("PUT", "/tls/key")).status, 200);
    equal((await request("GET", "/tls/key")).body, "sealed");
  });

  it("lets nobody in by a certificate of another authority on the S3 port, where one may stand for a signature", async () => {
    const foreign = { certificate: await certificateOf(others), isSigned: false };
    equal((await request("GET", "/tls/key", foreign)).status, 403);
    equal((await request("GET", "/tls/key", { isSigned: false })).status, 403);
  });

  it("answers on the port for bodies only who shows a certificate of the services", async () => {
    const ask = (shown?: Certificate) =>
      saysAnything(ports.crypto, {
        ca: ours.ca,
        shown,
        words: "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
      });
    deepEqual(
      await Promise.all([ask(await certificateOf(ours)), ask(await certificateOf(others)), ask()]),
      [true, false, false],
    );
  });

  it("has a Valkey that answers only who shows a certificate of its authority", async () => {
    const pki = redis.pki ?? ours;
    const ask = (shown?: Certificate) =>
      saysAnything(redis.port, { ca: pki.ca, shown, words: "PING\r\n" });
    deepEqual(
      await Promise.all([ask(await certificateOf(pki)), ask(await certificateOf(others)), ask()]),
      [true, false, false],
    );
  });

  it("has a broker that lets in only who shows a certificate of its authority", async () => {
    const enter = (client?: Certified) =>
      connectNats({
        servers: nats.url,
        reconnect: false,
        tls: { caFile: ours.ca, ...(client ? { certFile: client.cert, keyFile: client.key } : {}) },
      });
    await (await enter(ours.client)).close();
    await rejects(enter(others.client));
    await rejects(enter());
  });

  it("answers operators by TLS alone, with a certificate that another authority's clients refuse", async () => {
    const url = `http://127.0.0.1:${ports.admin}/admin/status`;
    await rejects(fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } }));
    const words = `GET /admin/status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`;
    const ask = (ca: string) => saysAnything(ports.admin, { ca, words });
    deepEqual(await Promise.all([ask(ours.ca), ask(others.ca)]), [true, false]);
  });
});

function tlsFiles(prefix: string, ca: string, { cert, key }: Certified) {
  return {
    [`${prefix}_CA_FILE`]: ca,
    [`${prefix}_CERT_FILE`]: cert,
    [`${prefix}_KEY_FILE`]: key,
  };
}

async function certificateOf(pki: TestPki): Promise<Certificate> {
  const { cert, key } = await pki.clientOptions();
  return { cert, key };
}

/** True if the server says anything at all to these words; in TLS 1.3 it refuses a certificate only after the client's part is done. */
async function saysAnything(
  port: number,
  { ca, shown, words }: { ca: string; shown?: Certificate | undefined; words: string },
): Promise<boolean> {
  const socket = connectTls({ host: "127.0.0.1", port, ca: await readFile(ca, "utf8"), ...shown });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("secureConnect", () => socket.write(words));
  socket.on("data", () => resolve(true));
  socket.on("error", () => resolve(false)).on("close", () => resolve(false));
  socket.setTimeout(SILENCE_MS, () => resolve(false));
  const isAnswered = await promise;
  socket.destroy();
  return isAnswered;
}
