import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { TLSSocket } from "node:tls";
import { Secret } from "../../shared/src/runtime/secret.ts";
import { signRequest } from "../../shared/src/s3/sigv4.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { certify, type Made, makeAuthority } from "./small-pki.ts";

const OWNER = { access_key: "CERTIFIED", secret_key: "certified-secret", permissions: "ro" };
const GET = { method: "GET", path: `/${BUCKET}/k` };

describe("a gateway that knows clients by their certificates", () => {
  const folder = mkdtempSync(join(tmpdir(), "s3eg-certificates-"));
  const clientCa = join(folder, "clients.pem");
  const credentials = join(folder, "credentials.yaml");
  const known = (wanted: unknown[]) =>
    writeFileSync(credentials, JSON.stringify([{ ...OWNER, client_certificates: wanted }]));
  let gateway: RunningGateway;
  let pki: Record<"one" | "other" | "server" | "client" | "stranger", Made>;
  const agents: Agent[] = [];

  before(async () => {
    const [one, other] = [makeAuthority(folder, "one"), makeAuthority(folder, "other")];
    const onLoopback = { names: "IP:127.0.0.1" };
    const subject = "/O=Example, Inc/CN=client";
    const names = "DNS:client.example.com,URI:spiffe://example/client";
    const client = { name: "client", subject, names };
    pki = {
      one,
      other,
      server: certify(one, folder, { name: "server", ...onLoopback }),
      client: certify(other, folder, client),
      stranger: certify(one, folder, { ...client, name: "stranger" }),
    };
    writeFileSync(clientCa, pki.other.cert);
    known([{ subject: "CN=client,O=Example\\, Inc", dns: "client.example.com" }]);
    const env = {
      TLS_ENABLED: "true",
      TLS_CERT_FILE: pki.server.certFile,
      TLS_KEY_FILE: pki.server.keyFile,
      TLS_CLIENT_CA_FILE: clientCa,
      AUTH_CREDENTIALS_FILE: credentials,
    };
    gateway = await runningGateway({ env, reloads: true });
    const put = await send({ method: "PUT", path: GET.path }, { as: gateway.keys });
    assert.equal(put.status, 200);
  });
  after(async () => {
    for (const agent of agents) agent.destroy();
    await gateway[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  interface Way {
    readonly shows?: Made;
    readonly as?: { readonly accessKey: string; readonly secretKey: string };
    readonly headers?: Readonly<Record<string, string>>;
    readonly agent?: Agent;
  }
  /** What was answered, and by which certificate of the server. */
  async function send(
    { method, path }: { method: string; path: string },
    { shows, as, headers = {}, agent = agentOf(shows) }: Way = {},
  ): Promise<{ status: number; fingerprint: string }> {
    const host = `127.0.0.1:${gateway.port}`;
    const fields = { host, "content-length": "0", ...headers };
    const signed = as
      ? signRequest(
          { method, rawPath: path, rawQuery: "", headers: Object.entries(fields) },
          {
            accessKey: as.accessKey,
            secretKey: new Secret(as.secretKey),
            region: "us-east-1",
            payloadHash: "UNSIGNED-PAYLOAD",
            now: new Date(),
          },
        )
      : {};
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      fingerprint: string;
    }>();
    const to = { host: "127.0.0.1", port: gateway.port, method, path, agent };
    const sent = request({ ...to, headers: { ...fields, ...signed } }, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume().on("end", () => {
        resolve({ status: response.statusCode ?? 0, fingerprint: fingerprint256 });
      });
    });
    sent.on("error", reject).end();
    return await promise;
  }
  function agentOf(shows?: Made): Agent {
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      ca: pki.one.cert,
      ...(shows ? { cert: shows.cert, key: shows.key } : {}),
    });
    agents.push(agent);
    return agent;
  }
  const statusOf = async (way: Way, asked = GET) => (await send(asked, way)).status;
  const untilStatus = async (status: number, way: Way) => {
    let seen = 0;
    for (let tries = 0; seen !== status; tries++) {
      assert.ok(tries < 200, `status ${seen}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen = await statusOf(way);
    }
  };

  it("lets its owner do without a signature what the credential may do, and no more", async () => {
    const shows = pki.client;
    assert.equal(await statusOf({ shows }), 200);
    assert.equal(await statusOf({ shows }, { method: "PUT", path: GET.path }), 403);
  });

  it("takes a signature for what it is, also beside a certificate", async () => {
    const shows = pki.client;
    const as = { accessKey: OWNER.access_key, secretKey: OWNER.secret_key };
    assert.equal(await statusOf({ shows, as }), 200);
    assert.equal(await statusOf({ shows, as: { ...as, secretKey: "wrong" } }), 403);
    assert.equal(await statusOf({ shows, headers: { authorization: "Bearer x" } }), 400);
  });

  it("lets nobody in by a certificate of another authority, without one, or by the hand of a web page", async () => {
    assert.equal(await statusOf({ shows: pki.stranger }), 403);
    assert.equal(await statusOf({}), 403);
    const headers = { origin: "https://evil.example.com" };
    assert.equal(await statusOf({ shows: pki.client, headers }), 403);
  });

  it("forgets a certificate when its credential does, also on connections that are open", async () => {
    const shows = pki.client;
    const agent = agentOf(shows);
    assert.equal(await statusOf({ agent }), 200);
    known([{ uri: "spiffe://example/other" }]);
    await untilStatus(403, { agent });
    assert.equal(await statusOf({ shows }), 403);
    known([{ uri: "spiffe://example/client" }]);
    await untilStatus(200, { agent });
  });

  it("forgets an authority, also on connections that are open, and keeps one that stays", async () => {
    const agent = agentOf(pki.client);
    assert.equal(await statusOf({ agent }), 200);
    writeFileSync(clientCa, `${pki.one.cert}${pki.other.cert}`);
    await untilStatus(200, { shows: pki.stranger });
    assert.equal(await statusOf({ agent }), 200);
    writeFileSync(clientCa, pki.one.cert);
    await untilStatus(503, { agent });
    assert.equal(await statusOf({ shows: pki.client }), 403);
    assert.equal(await statusOf({ shows: pki.stranger }), 200);
  });

  it("shows another certificate to new connections, and leaves the open ones alone", async () => {
    const agent = agentOf();
    const as = gateway.keys;
    const { fingerprint } = await send(GET, { agent, as });
    const next = certify(pki.one, folder, { name: "next", names: "IP:127.0.0.1" });
    const applied = () => gateway.lines.filter((line) => line.includes("configuration reloaded"));
    const already = applied().length;
    writeFileSync(pki.server.keyFile, next.key);
    writeFileSync(pki.server.certFile, next.cert);
    await until(() => applied().length > already, "the certificate is exchanged");
    assert.notEqual((await send(GET, { as })).fingerprint, fingerprint);
    assert.deepEqual(await send(GET, { agent, as }), { status: 200, fingerprint });
  });
});
