import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rewrap } from "../../services/cli/src/commands/rewrap.ts";
import { decodeHeader } from "../../shared/src/format/header.ts";
import { auditedGateway } from "./audited-gateway.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { startTransitDouble } from "./transit-double.ts";
import { MIN_PART, Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

const policyOf = (id: string, buckets: string, key: string) =>
  `id: ${id}\nbuckets: [${buckets}]\nencryption:\n  key_manager:\n    ${key}\n`;

const TENANTS = [
  policyOf("a", `"a-*"`, "{ provider: transit, key_id: tenants/a }"),
  policyOf("b", `"b-*"`, "{ provider: rsa }"),
];

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const RSA = String(privateKey.export({ type: "pkcs8", format: "pem" }));

/** The standard key is AES; policies may choose the RSA key and the key of an OpenBao. */
const keysAt = (address: string) => ({
  SELF_CONTAINED_RSA_PRIVATE_KEY_SOURCE: RSA,
  OPENBAO_ADDR: address,
  OPENBAO_TRANSIT_PATH: "tenants",
  OPENBAO_TRANSIT_KEY_NAME: "a",
  OPENBAO_TOKEN: "token",
  KEY_MANAGER_POLICY_KEYS: "rsa,transit=tenants/a",
  KMS_RETRY_ENABLED: "false",
  KMS_CIRCUIT_BREAKER_ENABLED: "false",
  METRICS_ADDR: "",
});

const TRANSIT_KEY = Buffer.alloc(32, 3);
const BUCKETS = ["a-one", "a-two", "b-one"];

async function withTenants(address: string, policies: readonly string[] = TENANTS) {
  const gateway = await runningGateway({ policies, env: keysAt(address) });
  for (const bucket of BUCKETS) await gateway.behind.send("PUT", `/${bucket}`);
  return gateway;
}

/** An object as it lies on the store. */
async function storedOf(gateway: RunningGateway, bucket: string, key: string) {
  const { bytes, metadata } = await gateway.store.readStored(bucket, key);
  const header = decodeHeader(metadata["x-amz-meta-s3eg"] ?? "");
  return { bytes, header, key: `${header.provider} ${header.keyId}` };
}

const A = "transit tenants/a";
const B = "rsa rsa";
const STANDARD = "aes aes";

describe("policies that name keys", () => {
  let transit: Awaited<ReturnType<typeof startTransitDouble>>;
  let gateway: RunningGateway;
  before(async () => {
    transit = await startTransitDouble(TRANSIT_KEY);
    gateway = await withTenants(transit.address);
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await transit[Symbol.asyncDispose]();
  });

  const put = async (path: string, body: Uint8Array, headers = {}) => {
    const answer = await gateway.client.send("PUT", path, { body, headers });
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };
  const read = async (bucket: string, key: string) => {
    const answer = await gateway.client.send("GET", pathOf(bucket, key), {
      headers: { "x-amz-checksum-mode": "ENABLED" },
    });
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };
  const copy = async (from: string, to: string, key: string) => {
    const headers = { "x-amz-copy-source": pathOf(from, key) };
    const answer = await gateway.client.send("PUT", pathOf(to, key), { headers });
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };

  it("put every object under the key of its bucket", async () => {
    for (const [bucket, key] of [
      ["a-one", A],
      ["a-two", A],
      ["b-one", B],
      [BUCKET, STANDARD],
    ] as const) {
      const body = plaintextOf(C + 7, 1);
      await put(pathOf(bucket, "k"), body);
      assert.equal((await storedOf(gateway, bucket, "k")).key, key);
      assert.deepEqual((await read(bucket, "k")).bytes, body);
    }
  });

  it("copy within a tenant without moving a byte", async () => {
    await put(pathOf("a-one", "within"), plaintextOf(2 * C, 2));
    await copy("a-one", "a-two", "within");
    const [source, made] = [
      await storedOf(gateway, "a-one", "within"),
      await storedOf(gateway, "a-two", "within"),
    ];
    assert.ok(made.bytes.equals(source.bytes));
    assert.deepEqual(made.header.commitment, source.header.commitment);
    assert.equal(made.key, A);
    assert.deepEqual((await read("a-two", "within")).bytes, plaintextOf(2 * C, 2));
  });

  for (const [from, to, key] of [
    ["a-one", "b-one", B],
    ["b-one", "a-two", A],
    ["b-one", BUCKET, STANDARD],
    [BUCKET, "b-one", B],
  ] as const) {
    it(`copy from ${from} to ${to} under a data key of its own, with all that is with an object`, async () => {
      const body = plaintextOf(C + 1, 3);
      const name = `from-${from}`;
      const headers = { "content-type": "text/x", "x-amz-meta-a": "b", "x-amz-tagging": "t=1" };
      await put(pathOf(from, name), body, { ...headers, "x-amz-checksum-algorithm": "SHA256" });
      await copy(from, to, name);
      const [source, made] = [
        await storedOf(gateway, from, name),
        await storedOf(gateway, to, name),
      ];
      assert.equal(made.key, key);
      assert.ok(!made.bytes.equals(source.bytes));
      assert.notDeepEqual(made.header.commitment, source.header.commitment);
      const [original, copied] = [await read(from, name), await read(to, name)];
      assert.deepEqual(copied.bytes, body);
      for (const field of ["content-type", "x-amz-meta-a", "x-amz-checksum-sha256"]) {
        assert.equal(copied.headers[field], original.headers[field], field);
      }
      const tags = await gateway.client.send("GET", pathOf(to, name), { query: "tagging=" });
      assert.match(tags.text, /<Key>t<\/Key><Value>1<\/Value>/);
    });
  }

  it("hold for uploads in parts as they were when these began, and for copies of parts and of what they make", async () => {
    const bodies = [plaintextOf(MIN_PART, 4), plaintextOf(C, 5)];
    await put(pathOf("a-one", "part"), bodies[1] ?? Buffer.alloc(0));
    const path = pathOf("b-one", "parts");
    const created = await gateway.client.send("POST", path, { query: "uploads=" });
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(created.text)?.[1] ?? "";
    const partOf = (n: number) => ({ query: `partNumber=${n}&uploadId=${uploadId}` });
    const first = await gateway.client.send("PUT", path, { ...partOf(1), body: bodies[0] ?? "" });
    const headers = { "x-amz-copy-source": pathOf("a-one", "part") };
    const second = await gateway.client.send("PUT", path, { ...partOf(2), headers });
    const copied = /<ETag>(.*)<\/ETag>/.exec(second.text)?.[1] ?? "";
    const tags = [first.headers.etag ?? "", copied];
    const list = tags.map(
      (tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
    );
    const completed = await gateway.client.send("POST", path, {
      query: `uploadId=${uploadId}`,
      body: `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`,
    });
    assert.equal(completed.status, 200, completed.text);
    assert.equal((await storedOf(gateway, "b-one", "parts")).key, B);
    assert.deepEqual((await read("b-one", "parts")).bytes, Buffer.concat(bodies));
    await copy("b-one", "a-one", "parts");
    const made = await storedOf(gateway, "a-one", "parts");
    assert.equal(made.key, A);
    assert.deepEqual((await read("a-one", "parts")).bytes, Buffer.concat(bodies));
    const own = await Uploading.begin(gateway, "own");
    const named = [await own.part(1, bodies[0] ?? Buffer.alloc(0))];
    assert.equal((await own.complete(named)).status, 200);
    assert.equal((await storedOf(gateway, BUCKET, "own")).key, STANDARD);
  });
});

describe("the audit trail", () => {
  it("says of every write which key version it is under", async () => {
    const env = {
      ...keysAt("http://127.0.0.1:1"),
      OPENBAO_ADDR: "",
      KEY_MANAGER_POLICY_KEYS: "rsa",
    };
    const policies = TENANTS.slice(1);
    await using audited = await auditedGateway({ policies, env });
    const { client, behind } = audited.gateway;
    await behind.send("PUT", "/b-one");
    const source = { "x-amz-copy-source": pathOf("b-one", "k") };
    for (const [method, path, more] of [
      ["PUT", pathOf("b-one", "k"), { body: "x" }],
      ["PUT", pathOf("b-one", "within"), { headers: source }],
      ["PUT", pathOf(BUCKET, "across"), { headers: source }],
      ["POST", pathOf("b-one", "parts"), { query: "uploads=" }],
    ] as const) {
      const answer = await client.send(method, path, more);
      assert.equal(answer.status, 200, answer.text);
    }
    await audited.eventsOf("mpu.create", 1);
    const events = await audited.events("encrypt", "CopyObject", "mpu.create");
    const named = events.map(({ key, metadata }) => {
      return `${key}: ${metadata?.provider} ${metadata?.key_id} ${metadata?.key_version}`;
    });
    assert.deepEqual(named, [
      "k: rsa rsa 1",
      "within: rsa rsa 1",
      "across: aes aes 1",
      "parts: rsa rsa 1",
    ]);
  });
});

describe("a policy that names a key", () => {
  it("is a refusal to start where keys does not let policies choose it: by file and line, and for every policy", async () => {
    const other = policyOf("c", "c", "{ provider: transit, key_id: tenants/c }");
    const gone = policyOf("d", "d", "provider: kmip");
    const env = { ...keysAt("http://127.0.0.1:1"), KEY_MANAGER_POLICY_KEYS: "transit" };
    await assert.rejects(runningGateway({ policies: [...TENANTS, other, gone], env }), (error) => {
      assert.ok(error instanceof Error && "code" in error && error.code === "config.invalid");
      const lines = error.message.split("\n");
      assert.equal(lines.length, 3, error.message);
      for (const [at, line] of [
        /policy-1\.yaml line 5: encryption\.key_manager\.provider: rsa is no key/,
        /policy-2\.yaml line 5: encryption\.key_manager\.key_id: transit "tenants\/c" is no key/,
        /policy-3\.yaml line 5: encryption\.key_manager\.provider: kmip is no key/,
      ].entries()) {
        assert.match(lines[at] ?? "", line);
      }
      return true;
    });
  });

  it("leaves the other tenants alone while its key store is away, at the start and later", async () => {
    for (const isAwayAtStart of [true, false]) {
      const transit = await startTransitDouble(TRANSIT_KEY);
      if (isAwayAtStart) await transit[Symbol.asyncDispose]();
      await using gateway = await withTenants(transit.address);
      if (!isAwayAtStart) {
        const path = pathOf("a-one", "before");
        assert.equal((await gateway.client.send("PUT", path, { body: "x" })).status, 200);
        await transit[Symbol.asyncDispose]();
        assert.equal((await gateway.client.send("GET", path)).status, 503);
      }
      for (const bucket of ["b-one", BUCKET]) {
        const path = pathOf(bucket, "k");
        assert.equal((await gateway.client.send("PUT", path, { body: bucket })).status, 200);
        assert.equal((await gateway.client.send("GET", path)).text, bucket);
      }
      const refused = await gateway.client.send("PUT", pathOf("a-one", "k"), { body: "x" });
      assert.equal(refused.status, 503, refused.text);
      const listed = await gateway.behind.send("GET", "/a-one", { query: "prefix=k" });
      assert.doesNotMatch(listed.text, /<Key>/);
      const ready = await fetch(`http://127.0.0.1:${gateway.port}/readyz`);
      assert.equal(ready.status, 200);
      await ready.text();
      await using _ = await startTransitDouble(TRANSIT_KEY, Number(new URL(transit.address).port));
      // A login that failed is not tried again for a second.
      const putAgain = () => gateway.client.send("PUT", pathOf("a-one", "k"), { body: "x" });
      let taken = await putAgain();
      for (let tries = 0; taken.status === 503 && tries < 50; tries += 1) {
        await sleep(100);
        taken = await putAgain();
      }
      assert.equal(taken.status, 200, taken.text);
      assert.equal((await storedOf(gateway, "a-one", "k")).key, A);
    }
  });

  it("brings what is in its buckets under its key when it is re-wrapped", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-key-policies-"));
    const keys = { ...keysAt("http://127.0.0.1:1"), DATA_DIR: folder, OPENBAO_ADDR: "" };
    const env = { ...keys, KEY_MANAGER_POLICY_KEYS: "rsa" };
    await using gateway = await runningGateway({ env });
    await gateway.behind.send("PUT", "/b-one");
    const body = plaintextOf(C + 1, 6);
    await gateway.client.send("PUT", pathOf("b-one", "k"), { body });
    await gateway.client.send("PUT", pathOf(BUCKET, "k"), { body });
    const found = await storedOf(gateway, "b-one", "k");
    assert.equal(found.key, STANDARD);
    const tool = {
      ...env,
      BACKEND_ENDPOINT: gateway.store.endpoint.origin,
      BACKEND_ACCESS_KEY: "STORE",
      BACKEND_SECRET_KEY: gateway.storeSecretKey,
      KEY_MANAGER_ENABLED: "true",
      KEY_MANAGER_PROVIDER: "self_contained",
      SELF_CONTAINED_TYPE: "aes",
      SELF_CONTAINED_AES_KEYS: "1=env:KEK",
      KEK: gateway.kek.toString("base64"),
      GW_CRED_0_ACCESS_KEY: "A",
      GW_CRED_0_SECRET_KEY: "S",
      GW_POLICY_1_ID: "b",
      GW_POLICY_1_BUCKETS: "b-*",
      GW_POLICY_1_KEY_PROVIDER: "rsa",
    };
    const report = await rewrap(["b-one", BUCKET], tool, { progress: () => undefined });
    assert.match(report, /b-one: 1 rewrapped\n(.*\n)*photos: 1 current/);
    const moved = await storedOf(gateway, "b-one", "k");
    assert.equal(moved.key, B);
    assert.ok(moved.bytes.equals(found.bytes));
    assert.deepEqual((await gateway.client.send("GET", pathOf("b-one", "k"))).bytes, body);
    assert.equal((await storedOf(gateway, BUCKET, "k")).key, STANDARD);
    await rm(folder, { recursive: true, force: true });
  });
});
