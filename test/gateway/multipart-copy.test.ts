import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { elementOf, MIN_PART, multipartEtag, type NamedPart, Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const BIG = plaintextOf(MIN_PART + C + 7, 1);
const OTHER_BIG = plaintextOf(MIN_PART + 1, 2);
const SMALL = plaintextOf(C + 3, 3);
const CHECKED = { "x-amz-checksum-mode": "ENABLED" };

/** With the manifest behind a small last part, and in a backend part of its own. */
const LAYOUTS: Readonly<Record<string, readonly Buffer[]>> = {
  "small-last": [BIG, OTHER_BIG, SMALL],
  "big-last": [OTHER_BIG, BIG],
  "one-big": [BIG],
  "one-small": [SMALL],
  "one-empty": [Buffer.alloc(0)],
};

type Headers = Readonly<Record<string, string>>;

function crcOf(bytes: Uint8Array): string {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  return crc.toString("base64");
}

describe("copies of objects that were uploaded in parts", () => {
  let gateway: RunningGateway;
  before(async () => {
    const md5 = "id: md5\nbuckets: [md5]\netag: md5\n";
    const bound = "id: bound\nbuckets: [bound]\nbind_as: elsewhere\n";
    gateway = await runningGateway({ policies: [md5, bound] });
    for (const bucket of ["md5", "bound"]) await gateway.client.send("PUT", `/${bucket}`);
  });
  after(() => gateway[Symbol.asyncDispose]());

  async function source(
    key: string,
    bodies: readonly Buffer[],
    asked: Headers = {},
  ): Promise<void> {
    const upload = await Uploading.begin(gateway, key, asked);
    const isSummed = asked["x-amz-checksum-algorithm"] !== undefined;
    const named: NamedPart[] = [];
    for (const [index, body] of bodies.entries()) {
      const sum = isSummed ? { "x-amz-checksum-crc32": crcOf(body) } : {};
      named.push(await upload.part(2 * index + 3, body, sum));
    }
    assert.equal((await upload.complete(named)).status, 200);
  }

  const copy = async (from: string, to: string, headers: Headers = {}): Promise<Answer> =>
    await gateway.client.send("PUT", to, { headers: { "x-amz-copy-source": from, ...headers } });

  const head = async (path: string, headers: Headers = {}): Promise<Answer> =>
    await gateway.client.send("HEAD", path, { headers });

  async function checkHolds(path: string, whole: Buffer): Promise<void> {
    const got = await gateway.client.send("GET", path);
    assert.equal(got.status, 200, got.text.slice(0, 300));
    assert.ok(got.bytes.equals(whole), path);
  }

  /** No upload is left on the backend. */
  async function checkNothingLeft(bucket = BUCKET): Promise<void> {
    const { text } = await gateway.behind.send("GET", `/${bucket}`, { query: "uploads=" });
    assert.ok(!text.includes("<Upload>"), text);
  }

  for (const [name, bodies] of Object.entries(LAYOUTS)) {
    it(`have bytes, number of parts, size and checksum of their source (${name})`, async () => {
      const asked = { "x-amz-checksum-algorithm": "CRC32", "content-type": "text/x-a" };
      await source(name, bodies, { ...asked, "x-amz-meta-a": "b" });
      const whole = Buffer.concat(bodies);
      const from = await head(pathOf(BUCKET, name), CHECKED);
      for (const to of [pathOf(BUCKET, `copy-of-${name}`), pathOf("bound", name)]) {
        const copied = await copy(pathOf(BUCKET, name), to);
        assert.equal(copied.status, 200, copied.text);
        await checkHolds(to, whole);
        const made = await head(to, CHECKED);
        for (const header of ["content-length", "content-type", "x-amz-meta-a"]) {
          assert.equal(made.headers[header], from.headers[header], header);
        }
        const sum = from.headers["x-amz-checksum-crc32"];
        assert.equal(made.headers["x-amz-checksum-crc32"], sum);
        assert.equal(elementOf(copied, "ChecksumCRC32"), sum);
        assert.equal(elementOf(copied, "ETag"), made.headers.etag);
        const parts = (answer: Answer) => /-(\d+)"$/.exec(String(answer.headers.etag))?.[1];
        assert.equal(parts(made), parts(from));
        const path = { query: "partNumber=3" };
        const part = await gateway.client.send("GET", to, path);
        assert.ok(part.bytes.equals(bodies[0] ?? Buffer.alloc(1)), "first part");
      }
      const list = await gateway.client.send("GET", "/bound", { query: "list-type=2" });
      assert.ok(list.text.includes(`<Size>${whole.length}</Size>`), "listed");
      // A copy is as good a source as any.
      const again = pathOf(BUCKET, `again-${name}`);
      assert.equal((await copy(pathOf("bound", name), again)).status, 200);
      await checkHolds(again, whole);
      await checkNothingLeft();
    });
  }

  it("keep the MD5 of their parts' MD5s where the policy shows it", async () => {
    const path = pathOf("md5", "source");
    const started = await gateway.client.send("POST", path, { query: "uploads=" });
    const id = elementOf(started, "UploadId");
    const nodes: string[] = [];
    for (const [index, body] of [BIG, SMALL].entries()) {
      const query = `partNumber=${index + 1}&uploadId=${id}`;
      const { headers } = await gateway.client.send("PUT", path, { query, body });
      const etag = String(headers.etag);
      nodes.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    }
    const body = `<CompleteMultipartUpload>${nodes.join("")}</CompleteMultipartUpload>`;
    await gateway.client.send("POST", path, { query: `uploadId=${id}`, body });
    const copied = await copy(path, pathOf("md5", "copied"));
    const etag = multipartEtag([BIG, SMALL]);
    assert.equal(elementOf(copied, "ETag"), etag);
    assert.equal((await head(pathOf("md5", "copied"))).headers.etag, etag);
    const wrong = await copy(path, pathOf("md5", "x"), { "x-amz-copy-source-if-match": '"x-2"' });
    assert.equal(wrong.status, 412);
    const right = { "x-amz-copy-source-if-match": etag };
    assert.equal((await copy(path, pathOf("md5", "copied"), right)).status, 200);
  });

  it("take metadata and tags as the directives say", async () => {
    await source("tagged", [BIG, SMALL], { "x-amz-tagging": "a=1", "x-amz-meta-a": "old" });
    const tagsOf = async (key: string) => {
      const answer = await gateway.client.send("GET", pathOf(BUCKET, key), { query: "tagging=" });
      return `${elementOf(answer, "Key")}=${elementOf(answer, "Value")}`;
    };
    await copy(pathOf(BUCKET, "tagged"), pathOf(BUCKET, "same-tags"));
    assert.equal(await tagsOf("same-tags"), "a=1");
    const replacing = {
      "x-amz-metadata-directive": "REPLACE",
      "x-amz-tagging-directive": "REPLACE",
      "x-amz-tagging": "b=2",
      "x-amz-meta-a": "new",
      "content-type": "text/new",
    };
    await copy(pathOf(BUCKET, "tagged"), pathOf(BUCKET, "replaced"), replacing);
    assert.equal(await tagsOf("replaced"), "b=2");
    const { headers } = await head(pathOf(BUCKET, "replaced"));
    assert.deepEqual([headers["x-amz-meta-a"], headers["content-type"]], ["new", "text/new"]);
  });

  it("onto their source must change something, and keep its bytes", async () => {
    await source("itself", [BIG, SMALL]);
    const path = pathOf(BUCKET, "itself");
    assert.equal((await copy(path, path)).code, "InvalidRequest");
    const changing = { "x-amz-metadata-directive": "REPLACE", "x-amz-meta-a": "b" };
    assert.equal((await copy(path, path, changing)).status, 200);
    await checkHolds(path, Buffer.concat([BIG, SMALL]));
    assert.equal((await head(path)).headers["x-amz-meta-a"], "b");
  });

  it("hold to conditions on source and place, and leave nothing behind", async () => {
    await source("judged", [BIG, SMALL]);
    const from = pathOf(BUCKET, "judged");
    const { etag = "" } = (await head(from)).headers;
    await gateway.client.send("PUT", pathOf(BUCKET, "taken"), { body: "taken" });
    for (const [to, headers, status] of [
      ["fresh", { "x-amz-copy-source-if-none-match": etag }, 412],
      ["fresh", { "x-amz-copy-source-if-match": '"x-2"' }, 412],
      ["taken", { "if-none-match": "*" }, 412],
      ["fresh", { "if-none-match": "*", "x-amz-copy-source-if-match": etag }, 200],
    ] as const) {
      assert.equal((await copy(from, pathOf(BUCKET, to), headers)).status, status);
    }
    await checkHolds(pathOf(BUCKET, "taken"), Buffer.from("taken"));
    await checkHolds(pathOf(BUCKET, "fresh"), Buffer.concat([BIG, SMALL]));
    await checkNothingLeft();
  });

  it("are made of the version that is named", async () => {
    const versioning =
      "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await gateway.client.send("PUT", "/versions");
    await gateway.behind.send("PUT", "/versions", { query: "versioning=", body: versioning });
    await source("old", [BIG, SMALL]);
    const first = await copy(pathOf(BUCKET, "old"), "/versions/k");
    const version = String(first.headers["x-amz-version-id"]);
    await gateway.client.send("PUT", "/versions/k", { body: "newer" });
    const copied = await copy(`/versions/k?versionId=${version}`, "/versions/copy");
    assert.equal(copied.headers["x-amz-copy-source-version-id"], version);
    await checkHolds("/versions/copy", Buffer.concat([BIG, SMALL]));
    await copy("/versions/k", "/versions/newest");
    await checkHolds("/versions/newest", Buffer.from("newer"));
  });

  it("are sealed anew where another checksum is asked for", async () => {
    await source("resummed", [BIG, SMALL]);
    await gateway.client.send("PUT", pathOf(BUCKET, "single"), { body: SMALL });
    for (const [key, whole] of [
      ["resummed", Buffer.concat([BIG, SMALL])],
      ["single", SMALL],
    ] as const) {
      const to = pathOf(BUCKET, `${key}-anew`);
      const asked = { "x-amz-checksum-algorithm": "CRC32" };
      const copied = await copy(pathOf(BUCKET, key), to, asked);
      assert.equal(elementOf(copied, "ChecksumCRC32"), crcOf(whole), copied.text);
      await checkHolds(to, whole);
      assert.equal((await head(to, CHECKED)).headers["x-amz-checksum-crc32"], crcOf(whole));
    }
  });
});
