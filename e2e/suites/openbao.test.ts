/** Keys in a real OpenBao: the rules of every custodian, and what only a server can do: rotate, seal, expire, refuse, go away. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { configuredTransit } from "../../services/keys/src/custody/configured-transit.ts";
import { copyObject, getObject, metadataOf, putObject, randomContent } from "../clients/objects.ts";
import { s3ClientOf } from "../clients/s3-client.ts";
import { startGateway } from "../gateway.ts";
import {
  binding,
  describeRealCustodian,
  is,
  payload,
  realCustodian,
} from "../real-custodian-contract.ts";
import { startBackend } from "../servers/backends.ts";
import { type Openbao, startOpenbao } from "../servers/openbao.ts";
import { transitKey } from "../servers/openbao-keys.ts";
import { makeScratch } from "../servers/place.ts";
import { pauseAll } from "../servers/proc.ts";
import { makeTestPki } from "../servers/test-pki.ts";

const custodianOf = (settings: Record<string, string>) =>
  realCustodian(configuredTransit, { KEY_MANAGER_PROVIDER: "openbao", ...settings });

describeRealCustodian(
  "Transit of a real OpenBao",
  async (opening) => {
    const server = opening.use(await startOpenbao());
    return async (nth) => {
      const settings = await transitKey(server, { mount: nth === 0 ? "transit" : "other" });
      return await custodianOf({ ...settings, OPENBAO_KEY_ID: "kek" });
    };
  },
  { everyByte: 3 },
);

describe("Transit of a real OpenBao", () => {
  const stack = new AsyncDisposableStack();
  let server: Openbao;
  let settings: Record<string, string>;
  before(async () => {
    server = stack.use(await startOpenbao());
    settings = await transitKey(server);
  });
  after(() => stack.disposeAsync());

  it("opens what was wrapped before a rotation, until that version is retired", async () => {
    await using custodian = await custodianOf(settings);
    await custodian.start();
    const use = { key: custodian.activeKey, binding };
    const old = await custodian.wrap(payload, use);
    await server.call("POST", "transit/keys/kek/rotate", { body: {} });
    const fresh = await custodian.wrap(payload, use);
    assert.match(Buffer.from(fresh).toString(), /^vault:v2:/);
    for (const wrapped of [old, fresh]) {
      assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
    }
    const body = { min_decryption_version: 2 };
    await server.call("POST", "transit/keys/kek/config", { body });
    await assert.rejects(custodian.unwrap(old, use), is("keys.denied"));
    await server.call("POST", "transit/keys/kek/config", { body: { min_decryption_version: 1 } });
  });

  for (const type of ["chacha20-poly1305", "xchacha20-poly1305", "aes128-gcm96"]) {
    it(`works with a key of type ${type}`, async () => {
      await using custodian = await custodianOf(await transitKey(server, { mount: type, type }));
      await custodian.start();
    });
  }

  it("refuses a key that takes no associated data", async () => {
    const rsa = await transitKey(server, { mount: "rsa", type: "rsa-2048" });
    await using custodian = await custodianOf(rsa);
    await assert.rejects(custodian.start(), is("config.invalid"));
  });

  it("refuses a key that is not there, and makes none, even as root", async () => {
    const root = { OPENBAO_AUTH_METHOD: "token", OPENBAO_TOKEN: server.rootToken };
    await using custodian = await custodianOf({
      ...settings,
      ...root,
      OPENBAO_TRANSIT_KEY_NAME: "kekk",
    });
    await assert.rejects(custodian.start(), is("keys.denied"));
    await assert.rejects(server.call("GET", "transit/keys/kekk"), /404/);
  });

  it("refuses a wrong login, and a policy that does not let it", async () => {
    await using wrong = await custodianOf({ ...settings, OPENBAO_SECRET_ID: "wrong" });
    await assert.rejects(wrong.start(), is("keys.denied"));
    await server.call("POST", "sys/mounts/bare", { body: { type: "transit" } });
    await using stranger = await custodianOf({ ...settings, OPENBAO_TRANSIT_PATH: "bare" });
    await assert.rejects(stranger.start(), is("keys.denied"));
  });

  it("goes on over the end of its tokens", async () => {
    const short = await transitKey(server, { mount: "short", ttl: "2s" });
    await using custodian = await custodianOf(short);
    await custodian.start();
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    for (let n = 0; n < 3; n += 1) {
      await sleep(1500);
      assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
    }
  });

  it("renews its token, and makes no other, while the server lets it", async () => {
    const own = await transitKey(server, { mount: "renewed", ttl: "8s", longest: "1h" });
    await using custodian = await custodianOf(own);
    await custodian.start();
    const tokens = async (): Promise<readonly string[]> =>
      JSON.stringify(await server.call("LIST", "auth/token/accessors")).match(/\w{20,}/g) ?? [];
    const made = await tokens();
    assert.ok(made.length > 1, "its own, and the root's");
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    for (let n = 0; n < 5; n += 1) {
      await sleep(2000);
      assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
    }
    // Those of other tests may end meanwhile; a new one would be ours.
    const others = (await tokens()).filter((token) => !made.includes(token));
    assert.deepEqual(others, []);
  });

  it("logs in again where its token was revoked", async () => {
    await using custodian = await custodianOf(await transitKey(server, { mount: "revoked" }));
    await custodian.start();
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    // A token that is refused the moment it was given is not replaced.
    await sleep(1100);
    await server.call("PUT", "sys/leases/revoke-prefix/auth/revoked-role", { body: {} });
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
  });

  it("works in a namespace", async () => {
    await server.call("POST", "sys/namespaces/team", { body: {} });
    await using custodian = await custodianOf(await transitKey(server, { namespace: "team" }));
    await custodian.start();
    await using outside = await custodianOf({
      ...(await transitKey(server, { mount: "inner", namespace: "team" })),
      OPENBAO_NAMESPACE: "",
    });
    await assert.rejects(outside.start(), is("keys.denied"));
  });

  it("logs in with the service account of a pod", async () => {
    await using scratch = await makeScratch("jwt");
    const reviews = createServer((request, response) => {
      request.resume().on("end", () => {
        const user = { username: "system:serviceaccount:s3eg:keys", uid: "1" };
        const status = { authenticated: true, user, audiences: ["kubernetes"] };
        response.setHeader("content-type", "application/json").statusCode = 201;
        response.end(
          JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status }),
        );
      });
    }).listen(0, "127.0.0.1");
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await Promise.resolve(reviews.close())),
    };
    await new Promise((resolve) => reviews.once("listening", resolve));
    const host = `http://127.0.0.1:${(reviews.address() as AddressInfo).port}`;
    await server.call("POST", "sys/auth/kubernetes", { body: { type: "kubernetes" } });
    const config = {
      kubernetes_host: host,
      disable_local_ca_jwt: true,
      kubernetes_ca_cert: await readFile((await makeTestPki(scratch.folder)).ca, "utf8"),
      token_reviewer_jwt: aJwt(),
    };
    await server.call("POST", "auth/kubernetes/config", { body: config });
    const role = {
      bound_service_account_names: ["keys"],
      bound_service_account_namespaces: ["s3eg"],
      token_policies: ["transit"],
      token_ttl: "1h",
    };
    await server.call("POST", "auth/kubernetes/role/keys", { body: role });
    const jwtFile = join(scratch.folder, "token");
    await writeFile(jwtFile, aJwt());
    await using custodian = await custodianOf({
      ...settings,
      OPENBAO_AUTH_METHOD: "kubernetes",
      OPENBAO_AUTH_MOUNT: "",
      OPENBAO_AUTH_ROLE: "keys",
      OPENBAO_K8S_JWT_PATH: jwtFile,
    });
    await custodian.start();
  });

  it("is unavailable while the server is stopped or sealed, within its time", async () => {
    await using own = await startOpenbao();
    const quick = { OPENBAO_TIMEOUT: "300ms", KMS_RETRY_MAX_ELAPSED_TIME: "1s" };
    await using custodian = await custodianOf({ ...(await transitKey(own)), ...quick });
    await custodian.start();
    const use = { key: custodian.activeKey, binding };
    const wrapped = await custodian.wrap(payload, use);
    const goOn = await pauseAll(own.pids);
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.unavailable"));
    goOn();
    await sleep(5100);
    assert.deepEqual(Buffer.from(await custodian.unwrap(wrapped, use)), payload);
    await own.call("POST", "sys/seal", { body: {} });
    await assert.rejects(custodian.unwrap(wrapped, use), is("keys.unavailable"));
    await assert.rejects(custodian.check(), is("keys.unavailable"));
  });

  it("is reached over TLS alone by whoever has its authority", async () => {
    await using own = await startOpenbao({ hasTls: true });
    const reached = await transitKey(own);
    await using trusting = await custodianOf({ ...reached, OPENBAO_CACERT: own.caFile ?? "" });
    await trusting.start();
    await using doubting = await custodianOf({ ...reached, KMS_RETRY_ENABLED: "false" });
    await assert.rejects(doubting.start(), is("keys.unavailable"));
  });
});

describe("a gateway that moves from its own keys to OpenBao", () => {
  const stack = new AsyncDisposableStack();
  const keys = { SELF_CONTAINED_AES_KEYS: `1=base64:${Buffer.alloc(32, 9).toString("base64")}` };
  let openbao: Record<string, string>;
  let behind: S3Client;
  after(() => stack.disposeAsync());

  it("reads what it sealed before, and seals anew under the other", async () => {
    const backend = stack.use(await startBackend("versitygw"));
    const server = stack.use(await startOpenbao());
    openbao = await transitKey(server);
    behind = s3ClientOf(backend);
    stack.defer(() => behind.destroy());
    const { body } = randomContent(300_000);
    const bucket = "moving";
    const providerOf = async (key: string) => {
      const { s3eg = "" } = await metadataOf({ s3: behind, bucket }, key);
      const header = Buffer.from(s3eg, "base64url");
      return header.subarray(85, 85 + header.readUInt16BE(83)).toString();
    };
    {
      await using gateway = await startGateway({ backend, env: keys });
      const s3 = s3ClientOf(gateway);
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
      await putObject({ s3, bucket }, "old", { body });
      s3.destroy();
    }
    const provider = { KEY_MANAGER_PROVIDER: "openbao", ...openbao };
    await using gateway = await startGateway({ backend, env: { ...keys, ...provider } });
    const s3 = s3ClientOf(gateway);
    assert.ok((await getObject({ s3, bucket }, "old")).equals(body));
    await putObject({ s3, bucket }, "new", { body });
    await copyObject({ s3, bucket }, "old", "copy");
    for (const key of ["new", "copy"]) {
      assert.ok((await getObject({ s3, bucket }, key)).equals(body));
      assert.equal(await providerOf(key), "transit");
    }
    assert.equal(await providerOf("old"), "aes");
    s3.destroy();
  });
});

/** A token that looks like one of a service account; the API that would check it is the test's. */
function aJwt(): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: "kubernetes/serviceaccount",
    sub: "system:serviceaccount:s3eg:keys",
    "kubernetes.io/serviceaccount/namespace": "s3eg",
    "kubernetes.io/serviceaccount/service-account.name": "keys",
    "kubernetes.io/serviceaccount/service-account.uid": "1",
  };
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}.${Buffer.alloc(256, 1).toString("base64url")}`;
}
