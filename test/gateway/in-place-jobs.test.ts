import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { sealExisting, unseal } from "../../services/cli/src/commands/in-place.ts";
import { verify } from "../../services/cli/src/commands/verify.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { type RunningGateway, runningGateway } from "./running-gateway.ts";
import { MIN_PART, multipartEtag } from "./uploading.ts";
import { type Answer, pathOf, type WireClient } from "./wire-client.ts";

const POLICIES = [
  "id: mixed\nbuckets: [mixed-*]\ncontents: mixed\n",
  "id: hidden\nbuckets: [hidden-*]\ncontents: mixed\nmetadata: sealed\netag: md5\nchecksum: always\n",
  "id: out\nbuckets: [out-*]\ncontents: pass-through\n",
];
const CARRIED = {
  "content-type": "text/x-cat",
  "cache-control": "max-age=7",
  "x-amz-meta-colour": "black",
  "x-amz-tagging": "a=1&b=2",
};

describe("seal-existing, unseal and verify", () => {
  const stack = new AsyncDisposableStack();
  const lines: string[] = [];
  const options = { progress: (line: string) => void lines.push(line) };
  let gateway: RunningGateway;
  let settings: Record<string, string>;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-jobs-"));
    stack.defer(() => rm(folder, { recursive: true }));
    const env = { DATA_DIR: join(folder, "data") };
    gateway = stack.use(await runningGateway({ policies: POLICIES, env }));
    for (const [at, policy] of POLICIES.entries()) {
      await writeFile(join(folder, `p-${at}.yaml`), policy);
    }
    settings = { ...gateway.settings, ...env, POLICIES: join(folder, "p-*.yaml") };
  });
  after(() => stack.disposeAsync());

  const stored = async (bucket: string, key: string) => await gateway.store.readStored(bucket, key);
  const isOk = (answer: Answer) => assert.equal(answer.status, 200, answer.text);

  /** Objects put past the gateway. */
  async function plainBucket(bucket: string, objects: Record<string, Buffer>): Promise<void> {
    isOk(await gateway.behind.send("PUT", `/${bucket}`));
    for (const [key, body] of Object.entries(objects)) {
      isOk(await gateway.behind.send("PUT", pathOf(bucket, key), { body, headers: CARRIED }));
    }
  }

  async function putInParts(
    client: WireClient,
    path: string,
    bodies: readonly Buffer[],
  ): Promise<void> {
    const begun = await client.send("POST", path, { query: "uploads=", headers: CARRIED });
    const id = /<UploadId>([^<]+)</.exec(begun.text)?.[1] ?? "";
    const nodes: string[] = [];
    for (const [at, body] of bodies.entries()) {
      const query = `partNumber=${at + 1}&uploadId=${id}`;
      const { headers } = await client.send("PUT", path, { query, body });
      nodes.push(`<Part><PartNumber>${at + 1}</PartNumber><ETag>${headers.etag}</ETag></Part>`);
    }
    const body = `<CompleteMultipartUpload>${nodes.join("")}</CompleteMultipartUpload>`;
    isOk(await client.send("POST", path, { query: `uploadId=${id}`, body }));
  }

  async function checkRead(bucket: string, key: string, body: Buffer): Promise<Answer> {
    const read = await gateway.client.send("GET", pathOf(bucket, key));
    assert.equal(read.status, 200, `${key}: ${read.text.slice(0, 300)}`);
    assert.ok(read.bytes.equals(body), key);
    for (const name of ["content-type", "cache-control", "x-amz-meta-colour"] as const) {
      assert.equal(read.headers[name], CARRIED[name], `${key} ${name}`);
    }
    const tags = await gateway.client.send("GET", pathOf(bucket, key), { query: "tagging=" });
    assert.deepEqual(
      [...tags.text.matchAll(/<Key>(.)<.*?<Value>(.)</g)].map(([, k, v]) => [k, v]),
      [
        ["a", "1"],
        ["b", "2"],
      ],
    );
    return read;
  }

  const OBJECTS = {
    "cat one": plaintextOf(C + 9, 1),
    empty: Buffer.alloc(0),
    "dir/over one MiB": plaintextOf(1024 * 1024 + 5, 2),
  };
  const PARTS = [plaintextOf(MIN_PART, 3), plaintextOf(C, 4)];

  /** They are sealed on the backend, and what they were to a client. */
  async function checkSealed(bucket: string, hidesMetadata: boolean): Promise<void> {
    for (const [key, body] of Object.entries(OBJECTS)) {
      const { bytes, metadata } = await stored(bucket, key);
      assert.ok(metadata["x-amz-meta-s3eg"], key);
      assert.ok(body.byteLength === 0 || !bytes.includes(body.subarray(0, 32)), key);
      assert.equal(metadata["x-amz-meta-colour"], hidesMetadata ? undefined : "black");
      await checkRead(bucket, key, body);
    }
  }

  for (const [bucket, hides] of [
    ["mixed-1", false],
    ["hidden-1", true],
  ] as const) {
    it(`seals what lies plain in ${bucket}, and brings the same bytes back`, async () => {
      await plainBucket(bucket, OBJECTS);
      await putInParts(gateway.behind, pathOf(bucket, "parts"), PARTS);
      const former = await stored(bucket, "parts");
      const ownTag = (await gateway.client.send("HEAD", pathOf(bucket, "cat one"))).headers.etag;
      const dry = await sealExisting(["--dry-run", bucket], settings, options);
      assert.match(dry, /: 4 waiting\n/);
      const report = await sealExisting([bucket], settings, options);
      assert.match(report, /: 4 sealed\n$/, lines.join(""));
      await checkSealed(bucket, hides);
      const { headers } = await checkRead(bucket, "cat one", OBJECTS["cat one"]);
      const parted = await checkRead(bucket, "parts", Buffer.concat(PARTS));
      if (hides)
        assert.deepEqual([headers.etag, parted.headers.etag], [ownTag, multipartEtag(PARTS)]);
      const part = await gateway.client.send("GET", pathOf(bucket, "parts"), {
        query: "partNumber=2",
      });
      assert.ok(part.bytes.equals(PARTS[1] ?? Buffer.alloc(0)));
      assert.match(await verify([bucket], settings, options), /: 4 opened\n$/);
      assert.match(await sealExisting([bucket], settings, options), /: 4 current\n$/);

      await assert.rejects(unseal([bucket], settings, options), /--confirm/);
      assert.match(await unseal(["--confirm", bucket], settings, options), /: 4 unsealed\n$/);
      for (const [key, body] of Object.entries(OBJECTS)) {
        const { bytes, metadata } = await stored(bucket, key);
        assert.ok(bytes.equals(body), key);
        assert.deepEqual(
          Object.keys(metadata).filter((name) => name.startsWith("x-amz-meta-")),
          ["x-amz-meta-colour"],
        );
        await checkRead(bucket, key, body);
      }
      const whole = await stored(bucket, "parts");
      assert.ok(whole.bytes.equals(Buffer.concat(PARTS)));
      assert.equal(whole.etag, former.etag);
    });
  }

  it("goes by the policy of the bucket", async () => {
    await plainBucket("out-1", { plain: plaintextOf(9) });
    await assert.rejects(sealExisting(["out-1"], settings, options), /pass-through/);
    await plainBucket("standing", { plain: plaintextOf(9) });
    assert.match(await sealExisting(["standing"], settings, options), /: 1 sealed\n$/);
    await assert.rejects(unseal(["--confirm", "standing"], settings, options), /nobody could read/);
  });

  it("names what does not open, and fails", async () => {
    await plainBucket("mixed-broken", {});
    for (const key of ["good", "bad"]) {
      await gateway.client.send("PUT", pathOf("mixed-broken", key), { body: plaintextOf(C) });
    }
    await gateway.behind.send("PUT", pathOf("mixed-broken", "plain"), { body: "plain" });
    const { bytes } = await stored("mixed-broken", "bad");
    const flipped = Buffer.from(bytes);
    flipped[C / 2] = (flipped[C / 2] ?? 0) ^ 1;
    await gateway.store.overwriteStored("mixed-broken", "bad", { bytes: flipped });
    lines.length = 0;
    const failing = verify(["mixed-broken"], settings, options);
    await assert.rejects(failing, /1 failed, 1 opened, 1 plain\n {2}1 failed: crypto\.integrity/);
    assert.ok(lines.includes('failed "mixed-broken/bad": crypto.integrity\n'), lines.join(""));
    await assert.rejects(unseal(["--confirm", "mixed-broken"], settings, options), { exitCode: 1 });
    assert.ok((await stored("mixed-broken", "bad")).bytes.equals(flipped), "left as it was");
    assert.ok((await stored("mixed-broken", "good")).bytes.equals(plaintextOf(C)));
  });
});

describe("in-place jobs where the bucket has versions", () => {
  it("leaves the version that was there before, or deletes it where that is wished", async () => {
    const folder = await mkdtemp(join(tmpdir(), "s3eg-jobs-"));
    const env = { DATA_DIR: join(folder, "data") };
    await using gateway = await runningGateway({ env });
    const settings = { ...gateway.settings, ...env };
    const behind = gateway.behind;
    await behind.send("PUT", "/versions");
    const old = Buffer.from("older than versions ".repeat(9));
    const new_ = Buffer.from("put as a version ".repeat(9));
    await behind.send("PUT", "/versions/old", { body: old });
    const enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await behind.send("PUT", "/versions", { query: "versioning=", body: enabled });
    await behind.send("PUT", "/versions/new", { body: new_ });
    const quiet = { progress: () => undefined };
    const first = await sealExisting(["versions"], settings, quiet);
    assert.match(first, /2 sealed: former version left, not sealed/);
    const again = await sealExisting(["--remove-superseded", "versions"], settings, quiet);
    assert.match(again, /2 current, 2 removed|2 removed, 2 current/);
    for (const [key, body] of [
      ["old", old],
      ["new", new_],
    ] as const) {
      const read = await gateway.client.send("GET", `/versions/${key}`);
      assert.ok(read.bytes.equals(body), `${key} ${read.text}`);
    }
    const { text } = await behind.send("GET", "/versions", { query: "versions=" });
    assert.equal(text.match(/<Version>/g)?.length, 2);
    assert.equal(text.match(/<DeleteMarker>/g)?.length ?? 0, 0);
    await behind.send("PUT", "/versions/third", { body: new_ });
    assert.match(
      await sealExisting(["--remove-superseded", "versions"], settings, quiet),
      /: 2 current, 1 sealed\n$/,
    );
    const listed = await behind.send("GET", "/versions", { query: "versions=" });
    assert.equal(listed.text.match(/<Version>/g)?.length, 3);
    await rm(folder, { recursive: true });
  });
});
