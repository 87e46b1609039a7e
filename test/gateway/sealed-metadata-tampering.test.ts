import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FLAG, HEADER_FIELD, METADATA_FIELD } from "../../shared/src/format/layout.ts";
import { flipped, headerParts } from "./header-parts.ts";
import { BUCKET, type RunningGateway, runningGateway, until } from "./running-gateway.ts";
import { Uploading } from "./uploading.ts";
import { type Answer, pathOf } from "./wire-client.ts";

const MIXED = "mixed-contents";
const BODY = Buffer.from("what was stored");
const GIVEN = { "content-type": "text/x", "x-amz-meta-owner": "somebody", expires: "never" };
const ATTRIBUTES = { "x-amz-object-attributes": "ObjectSize,ETag" };

type Stored = Readonly<Record<string, string>>;

describe("tampering with sealed metadata", () => {
  let gateway: RunningGateway;
  /** The two values, by object. */
  const values = new Map<string, { header: string; value: string }>();

  before(async () => {
    gateway = await runningGateway({
      policies: [
        `id: sealed\nbuckets: [${BUCKET}]\nmetadata: sealed\n`,
        `id: mixed\nbuckets: [${MIXED}]\nmetadata: sealed\ncontents: mixed\n`,
      ],
    });
    await gateway.client.send("PUT", `/${MIXED}`);
    for (const [bucket, key] of [
      [BUCKET, "k"],
      [BUCKET, "other"],
      [MIXED, "k"],
    ] as const) {
      const sending = { headers: { ...GIVEN, "x-amz-meta-owner": key }, body: BODY };
      const answer = await gateway.client.send("PUT", pathOf(bucket, key), sending);
      assert.equal(answer.status, 200, answer.text);
    }
    const upload = await Uploading.begin(gateway, "parts", GIVEN);
    const part = await upload.part(1, BODY);
    assert.equal((await upload.complete([part])).status, 200);
    for (const [bucket, key] of [
      [BUCKET, "k"],
      [BUCKET, "other"],
      [BUCKET, "parts"],
      [MIXED, "k"],
    ] as const) {
      const { metadata } = await gateway.store.readStored(bucket, key);
      const { [HEADER_FIELD]: header = "", [METADATA_FIELD]: value = "" } = metadata;
      values.set(`${bucket}/${key}`, { header, value });
    }
  });
  after(() => gateway[Symbol.asyncDispose]());

  const valuesOf = (bucket: string, key: string) => {
    const found = values.get(`${bucket}/${key}`);
    assert.ok(found);
    return found;
  };
  const announced = () =>
    gateway.lines.filter((line) => line.includes('"incident":"mpu.tamper_detected"')).length;

  /** Reads it in every way that shows metadata, or facts of the object. */
  async function reads(bucket: string, key: string): Promise<Map<string, Answer>> {
    const { client } = gateway;
    const path = pathOf(bucket, key);
    const copying = { headers: { "x-amz-copy-source": path } };
    const made = new Map([
      ["GET", await client.send("GET", path)],
      ["a range", await client.send("GET", path, { headers: { range: "bytes=1-2" } })],
      ["a suffix", await client.send("GET", path, { headers: { range: "bytes=-2" } })],
      ["a part", await client.send("GET", path, { query: "partNumber=1" })],
      ["an override", await client.send("GET", path, { query: "response-content-type=a%2Fb" })],
      ["HEAD", await client.send("HEAD", path)],
      ["HEAD of a range", await client.send("HEAD", path, { headers: { range: "bytes=1-2" } })],
      ["HEAD of a part", await client.send("HEAD", path, { query: "partNumber=1" })],
      ["attributes", await client.send("GET", path, { query: "attributes=", headers: ATTRIBUTES })],
      ["copy", await client.send("PUT", pathOf(bucket, "copy"), copying)],
    ]);
    const upload = await Uploading.begin(gateway, "copied-part");
    made.set("copy of a part", await upload.copy(1, path));
    await upload.abort();
    return made;
  }

  /** Looks like every other failure, before the first byte, in each way to read it. */
  async function assertRefused(what: string, [bucket, key] = [BUCKET, "k"], status = 500) {
    for (const [way, answer] of await reads(bucket, key)) {
      assert.equal(answer.status, status, `${what}: ${way} ${answer.text}`);
      if (!way.startsWith("HEAD") && status === 500)
        assert.equal(answer.code, "InternalError", `${what}: ${way}`);
      const shown = JSON.stringify([answer.headers, answer.text]);
      assert.ok(!/somebody|text\/x|owner/.test(shown), `${what}: ${way} shows metadata`);
    }
    assert.equal((await gateway.client.send("HEAD", pathOf(bucket, "copy"))).status, 404);
  }

  async function tamper(
    stored: Readonly<Record<string, string | undefined>>,
    [bucket, key] = [BUCKET, "k"],
  ) {
    const { header, value } = valuesOf(bucket, key);
    const metadata = { [HEADER_FIELD]: header, [METADATA_FIELD]: value, ...stored };
    await gateway.store.overwriteStored(bucket, key, { metadata });
  }

  it("is needed for these tests: untouched, every read succeeds", async () => {
    for (const [bucket, key] of [
      [BUCKET, "k"],
      [BUCKET, "parts"],
      [MIXED, "k"],
    ] as const) {
      await tamper({}, [bucket, key]);
      for (const [way, answer] of await reads(bucket, key)) {
        assert.ok([200, 206].includes(answer.status), `${way}: ${answer.text}`);
      }
      await gateway.client.send("DELETE", pathOf(bucket, "copy"));
    }
  });

  it("in any region of the value is refused", async () => {
    const bytes = Buffer.from(valuesOf(BUCKET, "k").value, "base64url");
    const middle = Math.floor(bytes.length / 2);
    for (const [region, at] of [
      ["nonce, first byte", 0],
      ["nonce, last byte", 11],
      ["ciphertext, first byte", 12],
      ["ciphertext, middle", middle],
      ["ciphertext, last byte", bytes.length - 17],
      ["tag, first byte", bytes.length - 16],
      ["tag, last byte", bytes.length - 1],
    ] as const) {
      await tamper({ [METADATA_FIELD]: flipped(bytes, at, at % 8).toString("base64url") });
      await assertRefused(region);
    }
  });

  it("in any byte of the value is refused by HEAD", async () => {
    const bytes = Buffer.from(valuesOf(BUCKET, "k").value, "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      await tamper({ [METADATA_FIELD]: flipped(bytes, at, at % 8).toString("base64url") });
      assert.equal(
        (await gateway.client.send("HEAD", pathOf(BUCKET, "k"))).status,
        500,
        String(at),
      );
    }
  });

  it("with the value as a whole is refused", async () => {
    const { value } = valuesOf(BUCKET, "k");
    for (const [what, tampered] of [
      ["taken away", undefined],
      ["empty", ""],
      ["cut", value.slice(0, -4)],
      ["lengthened", `${value}AAAA`],
      ["padded", `${value}==`],
      ["doubled", `${value},${value}`],
      ["of another object", valuesOf(BUCKET, "other").value],
      ["of the same key in another bucket", valuesOf(MIXED, "k").value],
      ["of an object in parts", valuesOf(BUCKET, "parts").value],
    ] as const) {
      await tamper({ [METADATA_FIELD]: tampered });
      await assertRefused(what);
    }
  });

  it("with the header is refused, the value left in its place or moved along", async () => {
    const other = valuesOf(BUCKET, "other");
    await tamper({ [HEADER_FIELD]: undefined });
    await assertRefused("header taken away");
    await tamper({ [HEADER_FIELD]: other.header });
    await assertRefused("header of another object");
    await tamper({ [HEADER_FIELD]: other.header, [METADATA_FIELD]: other.value });
    await assertRefused("header and value of another object");
    const header = Buffer.from(valuesOf(BUCKET, "k").header, "base64url");
    for (const { name, from, to } of headerParts(header)) {
      await tamper({ [HEADER_FIELD]: flipped(header, to - 1, from % 8).toString("base64url") });
      await assertRefused(`header, ${name}`);
    }
  });

  it("by taking the flag away is refused, also with the value gone and other metadata in its place", async () => {
    const header = Buffer.from(valuesOf(BUCKET, "k").header, "base64url");
    header.writeUInt8(header.readUInt8(2) ^ FLAG.sealedMetadata, 2);
    const cleared = { [HEADER_FIELD]: header.toString("base64url") };
    await tamper(cleared);
    await assertRefused("flag taken away");
    await tamper({ ...cleared, [METADATA_FIELD]: undefined, "x-amz-meta-forged": "1" });
    await assertRefused("flag and value taken away");
    await gateway.store.overwriteStored(BUCKET, "k", {
      metadata: { "x-amz-meta-forged": undefined },
    });
  });

  it("by taking both away leaves an object that is not sealed, and says so as for any other", async () => {
    await tamper({ [HEADER_FIELD]: undefined, [METADATA_FIELD]: undefined });
    await assertRefused("both taken away", [BUCKET, "k"], 403);
  });

  it("is refused where plain objects may be read, too: what has sealed metadata is none", async () => {
    await tamper({ [HEADER_FIELD]: undefined }, [MIXED, "k"]);
    await assertRefused("mixed, header taken away", [MIXED, "k"]);
    await tamper({ [METADATA_FIELD]: undefined }, [MIXED, "k"]);
    await assertRefused("mixed, value taken away", [MIXED, "k"]);
  });

  it("by adding metadata in the clear shows none of them", async () => {
    const forged: Stored = {
      "x-amz-meta-forged": "1",
      "cache-control": "forged",
      "content-type": "forged/x",
    };
    await tamper(forged);
    for (const method of ["GET", "HEAD"]) {
      const { status, headers } = await gateway.client.send(method, pathOf(BUCKET, "k"));
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "text/x");
      assert.equal(headers["x-amz-meta-owner"], "k");
      assert.deepEqual(
        [headers["x-amz-meta-forged"], headers["cache-control"]],
        [undefined, undefined],
      );
    }
    const none = Object.fromEntries(Object.keys(forged).map((name) => [name, undefined]));
    await tamper(none);
  });

  it("of an object in parts is refused, and announced like other tampering with it", async () => {
    const { value } = valuesOf(BUCKET, "parts");
    for (const tampered of [undefined, `A${value.slice(1)}`, valuesOf(BUCKET, "k").value]) {
      await tamper({ [METADATA_FIELD]: tampered }, [BUCKET, "parts"]);
      for (const method of ["GET", "HEAD"]) {
        const known = announced();
        const { status } = await gateway.client.send(method, pathOf(BUCKET, "parts"));
        assert.equal(status, 500);
        await until(() => announced() > known, `${method} announced`);
      }
      await assertRefused("of parts", [BUCKET, "parts"]);
    }
  });

  it("by swapping those of two versions is refused", async () => {
    const { client, store } = gateway;
    const versioned = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    await client.send("PUT", `/${BUCKET}`, { query: "versioning=", body: versioned });
    const path = pathOf(BUCKET, "versions");
    const seen: { header: string; value: string }[] = [];
    for (const owner of ["older", "newer"]) {
      const headers = { ...GIVEN, "x-amz-meta-owner": owner };
      await client.send("PUT", path, { headers, body: BODY });
      const { metadata } = await store.readStored(BUCKET, "versions");
      const { [HEADER_FIELD]: header = "", [METADATA_FIELD]: value = "" } = metadata;
      seen.push({ header, value });
    }
    const [older, newer] = seen;
    assert.ok(older && newer);
    await store.overwriteStored(BUCKET, "versions", {
      metadata: { [METADATA_FIELD]: older.value },
    });
    await assertRefused("value of the former version", [BUCKET, "versions"]);
    await store.overwriteStored(BUCKET, "versions", {
      metadata: { [METADATA_FIELD]: newer.value },
    });
    assert.equal((await client.send("HEAD", path)).headers["x-amz-meta-owner"], "newer");
  });
});
