/**
 * Gateways that together have every metric there is: one in its roles; one whose keys are in OpenBao, behind a relay, as is its backend; one with
 * two versions of a key, the admin API, a cache and policies; one under the FIPS profile with a password and TLS.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";
import { aesVersions } from "../aes-versions.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import {
  type DistributedGateway,
  type OneProcessGateway,
  startDistributed,
  startGateway,
} from "../gateway.ts";
import { startBackend } from "../servers/backends.ts";
import { startOpenbao } from "../servers/openbao.ts";
import { transitKey } from "../servers/openbao-keys.ts";
import { freePort, makeScratch } from "../servers/place.ts";
import { openRelay, type Relay } from "../servers/relay.ts";
import type { S3Server } from "../servers/s3-server.ts";
import { makeTestPki } from "../servers/test-pki.ts";

const TOKEN = "an-admin-token-of-more-than-thirty-two-characters";

/** A gateway, and a client of it. */
interface Metered<Gateway extends S3Server = OneProcessGateway> {
  readonly gateway: Gateway;
  readonly s3: S3Client;
}

/** The running site. */
export interface MeteredSite extends AsyncDisposable {
  /** The store behind all of them. */
  readonly behind: S3Client;
  readonly roles: Metered<DistributedGateway>;
  readonly vault: Metered & { readonly openbao: Relay; readonly backend: Relay };
  readonly one: Metered & {
    /** Asks the admin API; returns status and body. */
    admin(method: string, path: string, body?: object): Promise<{ status: number; text: string }>;
  };
  readonly fips: Metered;
  /** URLs of `/metrics` by job. */
  readonly jobs: Readonly<Record<string, readonly string[]>>;
}

/** Starts all of it. */
export async function startMeteredSite(): Promise<MeteredSite> {
  const stack = new AsyncDisposableStack();
  try {
    const backend = stack.use(await startBackend("versitygw"));
    const metered = <Gateway extends S3Server>(gateway: Gateway, s3 = s3ClientOf(gateway)) => {
      stack.use(gateway);
      stack.defer(() => s3.destroy());
      return { gateway, s3 };
    };
    const audited = { AUDIT_ENABLED: "true", AUDIT_REQUIRE: "writes", AUDIT_OVERFLOW: "drop" };
    const roles = metered(await startDistributed({ backend, env: audited }));
    const { metricsUrls } = roles.gateway;
    const { gateway: inVault, openbao, relay } = await startVault(stack, backend);
    const vault = { ...metered(inVault), openbao, backend: relay };
    const { gateway: alone, admin } = await startOne(backend);
    const one = { ...metered(alone), admin };
    const { gateway: tls, s3: tlsClient } = await startFips(stack, backend);
    const fips = metered(tls, tlsClient);
    const behind = s3ClientOf(backend);
    stack.defer(() => behind.destroy());
    return {
      behind,
      roles,
      vault,
      one,
      fips,
      jobs: {
        "s3eg-edge": metricsUrls.edge,
        "s3eg-crypto": metricsUrls.crypto,
        "s3eg-keys": metricsUrls.keys,
        "s3eg-audit": metricsUrls.audit,
        "s3eg-vault": [inVault.metricsUrl],
        "s3eg-one": [alone.metricsUrl],
        "s3eg-fips": [tls.metricsUrl],
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startVault(stack: AsyncDisposableStack, backend: S3Server) {
  const server = stack.use(await startOpenbao());
  const settings = await transitKey(server);
  const openbao = stack.use(await openRelay({ port: portOf(server.address) }));
  const relay = stack.use(await openRelay({ port: portOf(backend.endpoint) }));
  const gateway = await startGateway({
    backend: { ...backend, endpoint: `http://127.0.0.1:${relay.port}` },
    env: {
      ...settings,
      KEY_MANAGER_PROVIDER: "openbao",
      SELF_CONTAINED_AES_KEYS: "",
      OPENBAO_ADDR: `http://127.0.0.1:${openbao.port}`,
    },
  });
  return { gateway, openbao, relay };
}

async function startOne(backend: S3Server) {
  const address = `127.0.0.1:${await freePort()}`;
  const gateway = await startGateway({
    backend,
    env: {
      ...aesVersions(2),
      ...{ ADMIN_ENABLED: "true", ADMIN_ADDRESS: address, ADMIN_AUTH_TOKEN: TOKEN },
      ...{ ADMIN_ALLOW_INLINE_TOKEN: "true", ADMIN_RATE_LIMIT_RPM: "1000" },
      ...{ ADMIN_PROFILING_ENABLED: "true", CACHE_ENABLED: "true" },
      ...{
        KMS_DEK_CACHE_ENABLED: "true",
        KMS_DEK_CACHE_TTL: "5m",
        KMS_DEK_CACHE_MAX_ENTRIES: "100",
      },
      METRICS_ENABLE_BUCKET_LABEL: "true",
    },
    policies: [
      { id: "mixed", buckets: ["mixed"], contents: "mixed" },
      { id: "hidden", buckets: ["hidden"], metadata: "sealed" },
    ],
  });
  const admin = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`http://${address}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, text: await answer.text() };
  };
  return { gateway, admin };
}

/** Its audit events have a receiver that is not there. */
async function startFips(stack: AsyncDisposableStack, backend: S3Server) {
  const scratch = await makeScratch("metered-pki");
  stack.defer(() => scratch[Symbol.asyncDispose]());
  const pki = await makeTestPki(scratch.folder);
  const gateway = await startGateway({
    backend,
    tls: pki.server,
    env: {
      ...{ FIPS: "true", KEY_MANAGER_ENABLED: "", SELF_CONTAINED_AES_KEYS: "" },
      ENCRYPTION_PASSWORD: "correct horse battery staple",
      ...{ RATE_LIMIT_ENABLED: "true", RATE_LIMIT_REQUESTS: "10", RATE_LIMIT_WINDOW: "1s" },
      ...{ AUDIT_ENABLED: "true", AUDIT_SINK_TYPE: "http" },
      AUDIT_SINK_ENDPOINT: `http://127.0.0.1:${await freePort()}/events`,
    },
  });
  const { endpoint, region, accessKey, secretKey } = gateway;
  const s3 = new S3Client({
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    requestHandler: { httpsAgent: new Agent({ ca: readFileSync(pki.ca), keepAlive: true }) },
  });
  return { gateway, s3 };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
