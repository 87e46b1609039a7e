import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { flipped } from "./header-parts.ts";
import { C, plaintextOf } from "./plaintext.ts";
import { BUCKET, type RunningGateway, runningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

const K = pathOf(BUCKET, "k");

describe("what is the gateway's own", () => {
  let gateway: RunningGateway;

  before(async () => {
    gateway = await runningGateway({ env: { LOG_LEVEL: "debug" } });
    const headers = { "x-amz-meta-a": "1" };
    assert.equal((await gateway.client.send("PUT", K, { body: "x", headers })).status, 200);
  });
  after(() => gateway[Symbol.asyncDispose]());

  it("cannot be set by a client, in any spelling, at PUT or copy", async () => {
    for (const name of [
      "x-amz-meta-s3eg",
      "X-Amz-Meta-S3EG",
      "x-amz-meta-s3eg-m",
      "x-amz-meta-s3egg",
      "x-amz-meta-s3eg.anything",
    ]) {
      for (const sending of [
        { body: "y", headers: { [name]: "AgEA" } },
        { headers: { [name]: "AgEA", "x-amz-copy-source": K } },
        {
          headers: {
            [name]: "AgEA",
            "x-amz-copy-source": K,
            "x-amz-metadata-directive": "REPLACE",
          },
        },
      ]) {
        const put = await gateway.client.send("PUT", pathOf(BUCKET, "set"), sending);
        assert.deepEqual([put.status, put.code], [400, "InvalidArgument"], name);
      }
    }
    assert.equal((await gateway.client.send("GET", pathOf(BUCKET, "set"))).status, 404);
  });

  it("is never shown: not in an answer's headers, not in a listing, not in an error", async () => {
    const copy = { headers: { "x-amz-copy-source": K } };
    for (const [method, path, sending] of [
      ["GET", K, {}],
      ["HEAD", K, {}],
      ["GET", K, { headers: { range: "bytes=0-0" } }],
      ["PUT", pathOf(BUCKET, "copy"), copy],
      ["GET", pathOf(BUCKET, "copy"), {}],
      ["GET", `/${BUCKET}`, {}],
      ["GET", pathOf(BUCKET, "nothing"), {}],
      ["GET", K, { headers: { range: "bytes=5-" } }],
    ] as const) {
      const answer = await gateway.client.send(method, path, sending);
      const said = JSON.stringify(answer.headers) + answer.text;
      assert.doesNotMatch(said, /s3eg/i, `${method} ${path}`);
    }
    const { headers } = await gateway.client.send("HEAD", K);
    assert.equal(headers["x-amz-meta-a"], "1");
  });

  it("is not copied along with metadata that a client replaces", async () => {
    const headers = { "x-amz-copy-source": K, "x-amz-metadata-directive": "REPLACE" };
    await gateway.client.send("PUT", pathOf(BUCKET, "replaced"), { headers });
    const source = await gateway.store.readStored(BUCKET, "k");
    const target = await gateway.store.readStored(BUCKET, "replaced");
    assert.ok(target.bytes.equals(source.bytes), "no data moved");
    const name = "x-amz-meta-s3eg";
    assert.notEqual(target.metadata[name], source.metadata[name]);
    assert.equal((await gateway.client.send("GET", pathOf(BUCKET, "replaced"))).text, "x");
  });
});

describe("the log of a whole run", () => {
  it("holds no key, no secret, no signature and no plaintext", async () => {
    await using gateway = await runningGateway({ env: { LOG_LEVEL: "debug" } });
    const { client, store, lines } = gateway;
    const sentence = "nobody may find this sentence in a log";
    const metadata = { "x-amz-meta-note": "nor this note" };
    for (const [method, path, sending] of [
      ["PUT", K, { body: sentence, headers: metadata }],
      ["GET", K, {}],
      ["HEAD", K, {}],
      ["GET", K, { headers: { range: "bytes=9999-" } }],
      ["GET", K, { secretKey: "a-wrong-secret" }],
      ["GET", K, { accessKey: "NOBODY" }],
      ["GET", K, { now: new Date(0) }],
      ["GET", `/${BUCKET}`, { query: "list-type=2&X-Amz-Signature=0123" }],
      ["PUT", K, { body: sentence, payloadHash: "0".repeat(64) }],
      ["PUT", pathOf(BUCKET, "copy"), { headers: { "x-amz-copy-source": K } }],
      ["GET", "/no-such-bucket/k", {}],
    ] as const) {
      await client.send(method, path, sending);
    }
    const { bytes, metadata: stored } = await store.readStored(BUCKET, "k");
    await store.overwriteStored(BUCKET, "k", { bytes: flipped(bytes, 3) });
    await client.send("GET", K);
    const header = stored["x-amz-meta-s3eg"] ?? "";
    await store.overwriteStored(BUCKET, "k", { metadata: { "x-amz-meta-s3eg": `A${header}` } });
    await client.send("GET", K);
    {
      using _trouble = gateway.bus.trouble("keys.data-key.issue", "no-answer");
      await client.send("PUT", K, { body: plaintextOf(C) });
    }
    await gateway.stop();

    const dataKeys = gateway.bus.answers.flatMap(
      ({ json }) => /"dataKey":"([^"]+)"/.exec(json)?.[1] ?? [],
    );
    assert.ok(dataKeys.length >= 4, `${dataKeys.length} data keys crossed the bus`);
    assert.ok(client.signatures.length > 10);
    const secrets = [
      gateway.keys.secretKey,
      gateway.settings.BACKEND_SECRET_KEY,
      "a-wrong-secret",
      sentence,
      "nor this note",
      header,
      ...client.signatures,
      ...[gateway.kek, ...dataKeys.map((key) => Buffer.from(key, "base64"))].flatMap(spellings),
    ];
    const text = lines.join("");
    assert.ok(lines.length > 20 && text.includes('"op":"PutObject"'), "something was logged");
    assert.ok(text.includes("crypto.integrity"), "the reason of a failure was logged");
    for (const secret of secrets) assert.ok(!text.includes(secret), "a secret was logged");
  });

  it("has one line per request, with its id and without what its headers say", async () => {
    await using gateway = await runningGateway();
    const put = await gateway.client.send("PUT", K, { body: "12345" });
    const got = await gateway.client.send("GET", K);
    await gateway.stop();
    for (const [answer, op, bytesIn, bytesOut] of [
      [put, "PutObject", 5, 0],
      [got, "GetObject", 0, 5],
    ] as const) {
      const id = String(answer.headers["x-amz-request-id"]);
      const about = gateway.lines.filter((text) => text.includes(`"requestId":"${id}"`));
      assert.equal(about.length, 1, op);
      const line = JSON.parse(about[0] ?? "") as Record<string, unknown>;
      assert.deepEqual(
        [line.op, line.status, line.bytesIn, line.bytes],
        [op, 200, bytesIn, bytesOut],
      );
    }
  });
});

/** The ways in which bytes are written in text. */
function spellings(bytes: Buffer): string[] {
  const hex = bytes.toString("hex");
  const base64 = bytes.toString("base64").replaceAll("=", "");
  return [hex, hex.toUpperCase(), base64, bytes.toString("base64url"), JSON.stringify([...bytes])];
}
