import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { auditedGateway } from "./audited-gateway.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway } from "./running-gateway.ts";
import { A, B, keysAt, STANDARD, storedOf, TENANTS, TRANSIT_KEY, withTenants } from "./tenants.ts";
import { startTransitDouble } from "./transit-double.ts";
import { MIN_PART, Uploading } from "./uploading.ts";
import { pathOf } from "./wire-client.ts";

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
