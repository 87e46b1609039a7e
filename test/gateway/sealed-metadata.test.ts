import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { signedForm } from "../../services/edge/test/form/sent-form.ts";
import { SECRET } from "../../services/edge/test/running-edge.ts";
import { decodeHeader } from "../../shared/src/format/header.ts";
import { FLAG, HEADER_FIELD, METADATA_FIELD } from "../../shared/src/format/layout.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { rotatingGateway } from "./rotating-gateway.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { MIN_PART, type NamedPart, Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const PLAIN = plaintextOf(2 * C + 9, 1);
const PLAIN_BUCKET = "in-the-clear";
/** UTF-8 crosses in headers as its bytes. */
const utf8 = (text: string) => Buffer.from(text).toString("latin1");
const CONTENT = {
  "content-type": "image/x-secret-kind",
  "content-disposition": 'attachment; filename="secret-name.pdf"',
  "content-encoding": "x-secret-coding",
  "content-language": "x-secret-tongue",
  "cache-control": "max-age=31415926",
  expires: "Fri, 01 Jan 2038 03:14:07 GMT",
};
const GIVEN: Readonly<Record<string, string>> = {
  ...CONTENT,
  "x-amz-meta-secretowner": "secret-person",
  "x-amz-meta-unicode": utf8("gehei\u00dfnis-\u6c34"),
  "x-amz-meta-empty": "",
};
/** What the backend must not see of them, names and values, in whatever spelling. */
const SECRETS = [
  ...Object.values(GIVEN).filter((value) => value !== ""),
  ...["secret", "geheim", "31415926", "2038", "owner", "unicode", "empty"],
].flatMap((text) => {
  const bytes = Buffer.from(text, "latin1");
  return [text, bytes.toString("utf8"), encodeURIComponent(text)].concat(
    ["base64", "hex"].map((encoding) =>
      bytes.subarray(0, bytes.length - (bytes.length % 3)).toString(encoding as "hex"),
    ),
  );
});

const shownOf = ({ headers }: Answer, names: readonly string[] = Object.keys(GIVEN)) =>
  Object.fromEntries(names.map((name) => [name, headers[name]]));
const metadataOf = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-")));

describe("policy metadata: sealed", () => {
  let gateway: RunningGateway;

  before(async () => {
    gateway = await runningGateway({
      env: { GW_CRED_1_ACCESS_KEY: "AK", GW_CRED_1_SECRET_KEY: SECRET.reveal() },
      policies: [
        `id: sealed\nbuckets: [${BUCKET}, sums]\nmetadata: sealed\n`,
        `id: plain\nbuckets: [${PLAIN_BUCKET}]\nmetadata: plain\n`,
      ],
    });
    await gateway.client.send("PUT", `/${PLAIN_BUCKET}`);
  });
  after(() => gateway[Symbol.asyncDispose]());

  const put = async (path: string, headers: Readonly<Record<string, string>> = GIVEN) => {
    const answer = await gateway.client.send("PUT", path, { headers, body: PLAIN });
    assert.equal(answer.status, 200, answer.text);
  };
  const copy = async (path: string, from: string, headers: Record<string, string> = {}) => {
    const source = { "x-amz-copy-source": from, ...headers };
    const answer = await gateway.client.send("PUT", path, { headers: source });
    assert.equal(answer.status, 200, answer.text);
  };

  /** What lies on the backend tells nothing; gives the flags of the header. */
  async function assertHidden(path: string): Promise<number> {
    const { headers } = await gateway.behind.send("HEAD", path);
    assert.equal(headers["content-type"], "application/octet-stream");
    const names = Object.keys(metadataOf({ headers } as Answer)).toSorted();
    assert.deepEqual(names, [HEADER_FIELD, METADATA_FIELD]);
    for (const name of Object.keys(CONTENT).filter((one) => one !== "content-type")) {
      assert.equal(headers[name], undefined, name);
    }
    const { [HEADER_FIELD]: header, [METADATA_FIELD]: value, ...others } = headers;
    const open = JSON.stringify(others);
    const bytes = Buffer.from(String(value), "base64url").toString("latin1");
    for (const secret of SECRETS) {
      assert.ok(!open.includes(secret), `the backend sees ${secret}`);
      // Three letters may be in random bytes by chance.
      if (secret.length > 5) assert.ok(!bytes.includes(secret), `the value holds ${secret}`);
    }
    return decodeHeader(String(header)).flags;
  }

  /** GET, ranges and HEAD show exactly what the client gave. */
  async function assertShown(path: string, wanted: Readonly<Record<string, string>> = GIVEN) {
    const names = [...new Set([...Object.keys(GIVEN), ...Object.keys(wanted)])];
    const expected = Object.fromEntries(names.map((name) => [name, wanted[name]]));
    const range = { headers: { range: "bytes=5-9" } };
    for (const answer of [
      await gateway.client.send("GET", path),
      await gateway.client.send("GET", path, range),
      await gateway.client.send("GET", path, { query: "partNumber=1" }),
      await gateway.client.send("HEAD", path),
      await gateway.client.send("HEAD", path, range),
      await gateway.client.send("HEAD", path, { query: "partNumber=1" }),
    ]) {
      assert.ok(answer.status === 200 || answer.status === 206, answer.text);
      assert.deepEqual(shownOf(answer, names), expected);
      const user = Object.keys(wanted).filter((name) => name.startsWith("x-amz-meta-"));
      assert.deepEqual(Object.keys(metadataOf(answer)).toSorted(), user.toSorted());
    }
  }

  it("hides what PutObject gives, and shows it to every reader", async () => {
    const path = pathOf(BUCKET, "put");
    await put(path);
    assert.equal(await assertHidden(path), FLAG.sealedMetadata);
    await assertShown(path);
    const whole = await gateway.client.send("GET", path);
    assert.ok(whole.bytes.equals(PLAIN));
    assert.equal(whole.headers.etag, (await gateway.client.send("HEAD", path)).headers.etag);
  });

  it("hides that there is nothing to hide, and shows what S3 shows then", async () => {
    const path = pathOf(BUCKET, "nothing");
    await put(path, {});
    await assertHidden(path);
    const plain = pathOf(PLAIN_BUCKET, "nothing");
    await put(plain, {});
    const type = (await gateway.client.send("HEAD", plain)).headers["content-type"];
    await assertShown(path, { "content-type": String(type) });
  });

  it("leaves everything else of an answer as it is without it", async () => {
    const plain = pathOf(PLAIN_BUCKET, "same");
    const sealed = pathOf(BUCKET, "same");
    const headers = { ...GIVEN, "x-amz-tagging": "a=b", "x-amz-storage-class": "STANDARD_IA" };
    for (const path of [plain, sealed]) await put(path, headers);
    for (const [method, sending] of [
      ["GET", {}],
      ["HEAD", {}],
      ["GET", { headers: { range: "bytes=-5" } }],
      ["GET", { query: "attributes=", headers: { "x-amz-object-attributes": "ObjectSize,ETag" } }],
      ["GET", { headers: { range: "bytes=99999999-" } }],
      ["HEAD", { headers: { "if-none-match": "*" } }],
      ["GET", { headers: { "if-none-match": "*" } }],
    ] as const) {
      const [one, other] = [
        await gateway.client.send(method, plain, sending),
        await gateway.client.send(method, sealed, sending),
      ];
      assert.equal(other.status, one.status);
      assert.deepEqual(Object.keys(other.headers).toSorted(), Object.keys(one.headers).toSorted());
      for (const name of Object.keys(GIVEN)) assert.equal(other.headers[name], one.headers[name]);
    }
  });

  it("heeds conditions on HEAD, and answers them without a word about metadata", async () => {
    const path = pathOf(BUCKET, "conditions");
    await put(path);
    const { etag = "" } = (await gateway.client.send("HEAD", path)).headers;
    for (const [headers, status] of [
      [{ "if-match": etag }, 200],
      [{ "if-match": '"0"' }, 412],
      [{ "if-none-match": etag }, 304],
      [{ "if-none-match": '"0"' }, 200],
    ] as const) {
      const answer = await gateway.client.send("HEAD", path, { headers });
      assert.equal(answer.status, status);
      assert.equal(
        answer.headers["x-amz-meta-secretowner"],
        status === 200 ? "secret-person" : undefined,
      );
    }
  });

  it("presents an object as response-… asks, and does not tell the backend so", async () => {
    const path = pathOf(BUCKET, "presented");
    await put(path);
    const query = "response-content-type=text%2Fshown&response-expires=never&versionId=null";
    const asked = gateway.lines.length;
    for (const method of ["GET", "HEAD"]) {
      const answer = await gateway.client.send(method, path, { query });
      assert.equal(answer.status, 200, answer.text);
      const { "content-type": type, expires } = answer.headers;
      assert.deepEqual([type, expires], ["text/shown", "never"]);
      assert.equal(answer.headers["content-language"], CONTENT["content-language"]);
    }
    assert.ok(!gateway.lines.slice(asked).some((line) => line.includes("text/shown")));
    const old = pathOf(PLAIN_BUCKET, "presented");
    await put(old);
    const { headers } = await gateway.client.send("HEAD", old, { query });
    assert.equal(headers["content-type"], "text/shown");
  });

  it("refuses what has no room once it is sealed, content headers included", async () => {
    const path = pathOf(BUCKET, "large");
    for (const [headers, status] of [
      [{ "x-amz-meta-a": "x".repeat(1000) }, 200],
      [{ "x-amz-meta-a": "x".repeat(1400) }, 400],
      [{ "content-disposition": "x".repeat(1400) }, 400],
    ] as const) {
      const answer = await gateway.client.send("PUT", path, { headers, body: PLAIN });
      assert.deepEqual(
        [answer.status, answer.code],
        [status, status === 200 ? "" : "MetadataTooLarge"],
      );
      const begun = await gateway.client.send("POST", path, { query: "uploads=", headers });
      assert.equal(begun.status, status);
      const source = {
        "x-amz-copy-source": path,
        "x-amz-metadata-directive": "REPLACE",
        ...headers,
      };
      const copied = await gateway.client.send("PUT", path, { headers: source });
      assert.equal(copied.status, status, copied.text);
    }
    await assertShown(path, {
      "content-type": "binary/octet-stream",
      "x-amz-meta-a": "x".repeat(1000),
    });
  });

  it("holds for copies: what goes along is opened and sealed for its new place", async () => {
    const path = pathOf(BUCKET, "copied-from");
    await put(path);
    const former = (await gateway.behind.send("HEAD", path)).headers;
    await copy(pathOf(BUCKET, "copied"), path);
    assert.equal(await assertHidden(pathOf(BUCKET, "copied")), FLAG.sealedMetadata);
    await assertShown(pathOf(BUCKET, "copied"));
    const copied = (await gateway.behind.send("HEAD", pathOf(BUCKET, "copied"))).headers;
    assert.notEqual(copied[METADATA_FIELD], former[METADATA_FIELD]);
    const fresh = { "content-type": "x/fresh", "x-amz-meta-fresh": "1" };
    await copy(path, path, { "x-amz-metadata-directive": "REPLACE", ...fresh });
    assert.equal(await assertHidden(path), FLAG.sealedMetadata);
    await assertShown(path, fresh);
  });

  it("follows the policy of the bucket that a copy goes to", async () => {
    const [clear, sealed] = [pathOf(PLAIN_BUCKET, "moving"), pathOf(BUCKET, "moving")];
    await put(clear);
    assert.equal(
      (await gateway.behind.send("HEAD", clear)).headers["x-amz-meta-secretowner"],
      "secret-person",
    );
    await copy(sealed, clear);
    await assertHidden(sealed);
    await assertShown(sealed);
    const back = pathOf(PLAIN_BUCKET, "back");
    await copy(back, sealed);
    await assertShown(back);
    const { headers } = await gateway.behind.send("HEAD", back);
    assert.equal(headers["x-amz-meta-secretowner"], "secret-person");
    assert.equal(headers[METADATA_FIELD], undefined);
    const resealed = pathOf(BUCKET, "resealed");
    await copy(resealed, sealed, { "x-amz-checksum-algorithm": "SHA256" });
    await assertHidden(resealed);
    await assertShown(resealed);
  });

  it("holds for uploads in parts, from their beginning, and for copies of them", async () => {
    const upload = await Uploading.begin(gateway, "parts", GIVEN);
    const bodies = [plaintextOf(MIN_PART, 1), plaintextOf(C, 2)];
    const parts: NamedPart[] = [];
    for (const [index, body] of bodies.entries()) parts.push(await upload.part(index + 1, body));
    assert.equal((await upload.complete(parts)).status, 200);
    assert.equal(await assertHidden(upload.path), FLAG.multipart | FLAG.sealedMetadata);
    await assertShown(upload.path);
    const copied = pathOf(BUCKET, "parts-copied");
    await copy(copied, upload.path);
    assert.equal(await assertHidden(copied), FLAG.multipart | FLAG.sealedMetadata);
    await assertShown(copied);
    assert.ok((await gateway.client.send("GET", copied)).bytes.equals(Buffer.concat(bodies)));
    const clear = pathOf(PLAIN_BUCKET, "parts-copied");
    await copy(clear, copied);
    await assertShown(clear);
    const fresh = { "content-type": "x/fresh" };
    await copy(copied, clear, { "x-amz-metadata-directive": "REPLACE", ...fresh });
    await assertHidden(copied);
    await assertShown(copied, fresh);
  });

  it("holds for parts that are copied from objects with sealed metadata", async () => {
    const path = pathOf(BUCKET, "part-source");
    await put(path);
    const upload = await Uploading.begin(gateway, "of-copies", { "x-amz-meta-own": "1" });
    const answer = await upload.copy(1, path);
    const etag = /<ETag>([^<]*)</.exec(answer.text)?.[1]?.replaceAll("&quot;", '"') ?? "";
    assert.equal((await upload.complete([{ partNumber: 1, etag }])).status, 200);
    const { bytes, headers } = await gateway.client.send("GET", upload.path);
    assert.ok(bytes.equals(PLAIN));
    assert.deepEqual(metadataOf({ headers } as Answer), { "x-amz-meta-own": "1" });
  });

  it("holds for forms of browsers", async () => {
    const fields = {
      key: "posted",
      "Content-Type": "image/x-secret-kind",
      "x-amz-meta-secretowner": "secret-person",
    };
    const form = signedForm({ bucket: BUCKET, fields, bytes: PLAIN });
    const { headers = {}, body } = form;
    const answer = await gateway.client.send("POST", form.path, {
      headers: { ...headers, host: `127.0.0.1:${gateway.port}` },
      body: Buffer.from(body ?? ""),
      isSigned: false,
    });
    assert.equal(answer.status, 204, answer.text);
    await assertHidden(pathOf(BUCKET, "posted"));
    await assertShown(pathOf(BUCKET, "posted"), {
      "content-type": "image/x-secret-kind",
      "x-amz-meta-secretowner": "secret-person",
    });
  });

  it("leaves listings alone", async () => {
    const { text } = await gateway.client.send("GET", `/${BUCKET}`, {
      query: "list-type=2&prefix=put",
    });
    assert.match(text, new RegExp(`<Size>${PLAIN.length}</Size>`));
    assert.ok(!text.includes("secret"));
  });

  it("does not let a client name the gateway's own, in a PUT or a copy", async () => {
    const headers = { [METADATA_FIELD]: "AAAA" };
    const answer = await gateway.client.send("PUT", pathOf(BUCKET, "own"), { headers, body: "x" });
    assert.deepEqual([answer.status, answer.code], [400, "InvalidArgument"]);
  });
});

describe("objects under another policy than they were written with", () => {
  it("are read as their header says", async () => {
    await using gateway = await runningGateway({
      policies: [
        `id: sealed\nbuckets: [${BUCKET}]\nmetadata: sealed\n`,
        `id: plain\nbuckets: [${PLAIN_BUCKET}]\nbind_as: ${BUCKET}\n`,
      ],
    });
    const { client, store } = gateway;
    await client.send("PUT", `/${PLAIN_BUCKET}`);
    for (const [from, to] of [
      [PLAIN_BUCKET, BUCKET],
      [BUCKET, PLAIN_BUCKET],
    ] as const) {
      const key = `of ${from}`;
      for (const bucket of [from, to]) {
        const answer = await client.send("PUT", pathOf(bucket, key), {
          headers: GIVEN,
          body: PLAIN,
        });
        assert.equal(answer.status, 200, answer.text);
      }
      const { bytes, metadata } = await store.readStored(from, key);
      const { metadata: former } = await store.readStored(to, key);
      const none = Object.fromEntries(Object.keys(former).map((name) => [name, undefined]));
      await store.overwriteStored(to, key, { bytes, metadata: { ...none, ...metadata } });
      for (const method of ["GET", "HEAD"]) {
        const answer = await client.send(method, pathOf(to, key));
        assert.equal(answer.status, 200, answer.text);
        assert.deepEqual(shownOf(answer), GIVEN);
      }
    }
  });

  it("stay what they are when they are re-wrapped", async () => {
    const SEALED = { METADATA_POLICY: "sealed" };
    for (const [then, now] of [
      [{}, SEALED],
      [SEALED, {}],
    ] as const) {
      await using at = await rotatingGateway(then, now);
      const { client, behind } = at.gateway;
      const path = pathOf(BUCKET, "object");
      await client.send("PUT", path, { headers: GIVEN, body: PLAIN });
      const names = Object.keys(metadataOf(await behind.send("HEAD", path))).toSorted();
      await at.keys("rotate", "2");
      assert.match(await at.rewrap(), /: 1 rewrapped\n/);
      assert.deepEqual(Object.keys(metadataOf(await behind.send("HEAD", path))).toSorted(), names);
      assert.deepEqual(shownOf(await client.send("HEAD", path)), GIVEN);
      assert.deepEqual(shownOf(await client.send("GET", path)), GIVEN);
    }
  });
});

describe("re-wrapping objects with sealed metadata", () => {
  it("opens and seals them for the new header, also those uploaded in parts", async () => {
    await using at = await rotatingGateway({ METADATA_POLICY: "sealed" });
    const { gateway } = at;
    const path = pathOf(BUCKET, "single");
    await gateway.client.send("PUT", path, { headers: GIVEN, body: PLAIN });
    const upload = await Uploading.begin(gateway, "parts", GIVEN);
    const part = await upload.part(1, PLAIN);
    assert.equal((await upload.complete([part])).status, 200);
    const former = (await gateway.behind.send("HEAD", path)).headers;
    await at.keys("rotate", "2");
    assert.match(await at.rewrap(), /: 2 rewrapped\n/);
    await at.keys("retire", "1");
    for (const rewrapped of [path, upload.path]) {
      assert.equal(await at.versionOf(rewrapped), 2);
      for (const method of ["GET", "HEAD"]) {
        assert.deepEqual(shownOf(await gateway.client.send(method, rewrapped)), GIVEN);
      }
    }
    const { headers } = await gateway.behind.send("HEAD", path);
    assert.notEqual(headers[METADATA_FIELD], former[METADATA_FIELD]);
    assert.deepEqual(Object.keys(metadataOf({ headers } as Answer)).toSorted(), [
      HEADER_FIELD,
      METADATA_FIELD,
    ]);
    assert.match(await at.rewrap(), /: 2 current\n/);
  });
});
