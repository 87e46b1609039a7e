import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  bytesOf,
  type Fixture,
  fixtures,
  legacyGateway,
  overwrite,
  store,
} from "./legacy-fixtures.ts";
import type { RunningGateway } from "./running-gateway.ts";
import { pathOf } from "./wire-client.ts";

/** Needs a KMIP server: tried on a real one in e2e/. */
const isElsewhere = ({ open }: Fixture) => open === "kmip";
const isSealed = ({ format }: Fixture) => format !== "plain" && format !== "F10";
const readable = fixtures.filter((fixture) => !isElsewhere(fixture) && isSealed(fixture));
const isOfPolicy = ({ open }: Fixture) => open === "policy-own";
const all = readable.filter(({ role }) => role === "object");
const objects = all.filter((fixture) => !isOfPolicy(fixture));

describe("objects that releases of format 1 wrote", () => {
  let gateway: RunningGateway;
  /** What the first test found right. */
  const plaintexts = new Map<Fixture, Buffer>();

  before(async () => {
    gateway = await legacyGateway("sealed+legacy");
    await store(
      gateway,
      fixtures.filter((fixture) => !isElsewhere(fixture) && !isOfPolicy(fixture)),
    );
  });
  after(() => gateway[Symbol.asyncDispose]());

  const get = (fixture: Fixture, headers: Record<string, string> = {}) =>
    gateway.client.send("GET", pathOf(fixture.bucket, fixture.key), { headers });

  it("are there to be tried, of every layout", () => {
    assert.ok(objects.length > 150, `${objects.length}`);
    const formats = new Set(objects.map(({ format }) => format));
    for (const format of ["F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F1+F9", "F5+F9"]) {
      assert.ok(formats.has(format), format);
    }
  });

  it("are read whole, with their size and what the client stored with them", async () => {
    for (const fixture of objects) {
      const what = `${fixture.variant} ${fixture.key}`;
      const { status, bytes, headers, text } = await get(fixture);
      assert.equal(status, 200, `${what}: ${text.slice(0, 300)}`);
      assert.equal(hash("sha256", bytes), fixture.sha256, what);
      plaintexts.set(fixture, bytes);
      assert.equal(headers["content-length"], String(fixture.size), what);
      const internal = Object.keys(headers).filter((name) =>
        /encrypt|compression-|enc-/.test(name),
      );
      assert.deepEqual(internal, [], what);
    }
  });

  it("say their size in HEAD and in listings", async () => {
    for (const fixture of objects) {
      const head = await gateway.client.send("HEAD", pathOf(fixture.bucket, fixture.key));
      assert.equal(head.headers["content-length"], String(fixture.size), fixture.variant);
    }
    for (const bucket of new Set(objects.map((fixture) => fixture.bucket))) {
      const { text } = await gateway.client.send("GET", `/${bucket}`, { query: "list-type=2" });
      const listed = new Map(
        [...text.matchAll(/<Key>([^<]+)<\/Key>.*?<Size>(\d+)<\/Size>/gs)].map(
          ([, key = "", size]) => [key, Number(size)] as const,
        ),
      );
      for (const fixture of objects.filter((object) => object.bucket === bucket)) {
        assert.equal(listed.get(fixture.key), fixture.size, `${bucket} ${fixture.key}`);
      }
      assert.deepEqual(
        [...listed.keys()].filter((key) => key.endsWith(".mpu-manifest")),
        [],
      );
    }
  });

  it("are read in ranges, at the edges of their chunks too", async () => {
    for (const fixture of objects) {
      const { size = 0 } = fixture;
      if (size === 0) continue;
      const whole = plaintexts.get(fixture) ?? assert.fail(fixture.variant);
      for (const [first, last] of [
        [0, 0],
        [size - 1, size - 1],
        [Math.floor(size / 3), Math.floor(size / 2)],
        [65_535, 65_536],
        [16_383, 16_384],
      ] as const) {
        if (first >= size) continue;
        const part = await get(fixture, { range: `bytes=${first}-${last}` });
        const what = `${fixture.variant} ${fixture.key} ${first}-${last}`;
        assert.equal(part.status, 206, what);
        assert.ok(part.bytes.equals(whole.subarray(first, last + 1)), what);
      }
      const suffix = await get(fixture, { range: "bytes=-7" });
      assert.ok(suffix.bytes.equals(whole.subarray(-7)), fixture.variant);
      const beyond = await get(fixture, { range: `bytes=${size}-` });
      assert.equal(beyond.status, 416, fixture.variant);
    }
  });

  it("give nothing wrong when a byte of them is another, or some are missing", async () => {
    for (const fixture of objects.filter(({ raw_size }) => raw_size > 0)) {
      const bytes = bytesOf(fixture);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
      for (const [how, spoiled] of [
        ["flipped", flipped],
        ["cut", bytes.subarray(0, -1)],
        ["extended", Buffer.concat([bytes, Buffer.of(0)])],
      ] as const) {
        await overwrite(gateway, fixture, { bytes: spoiled });
        const { status, bytes: got, isWhole } = await get(fixture);
        const what = `${fixture.variant} ${fixture.key} ${how}: ${status}`;
        assert.ok(status >= 500 || !isWhole, what);
        if (status < 300) assert.ok(got.length < (fixture.size ?? 0), what);
      }
      await overwrite(gateway, fixture, { bytes });
    }
  });

  it("give nothing when their metadata is another", async () => {
    const spoiled: Record<string, (value: string) => string> = {
      "x-amz-meta-encryption-iv": flipBase64,
      "x-amz-meta-encryption-wrapped-key": flipBase64,
      "x-amz-meta-encryption-manifest": flipNonce,
    };
    const isLarge = ({ size = 0 }: Fixture) => size > 100;
    for (const fixture of objects.filter(isLarge)) {
      for (const [name, spoil] of Object.entries(spoiled)) {
        const value = fixture.headers[name];
        // Chunks have their nonce from the manifest.
        const isUnused = name.endsWith("-iv") && fixture.headers["x-amz-meta-encryption-manifest"];
        if (value === undefined || isUnused) continue;
        await overwrite(gateway, fixture, { metadata: { [name]: spoil(value) } });
        const { status, isWhole } = await get(fixture);
        // The front of F7 names nonce and key itself.
        const isFront = fixture.format === "F7";
        assert.ok(isFront || status >= 500 || !isWhole, `${fixture.variant} ${name}: ${status}`);
        await overwrite(gateway, fixture, { metadata: { [name]: value } });
      }
    }
  });

  it("are copied into objects of format 2", async () => {
    await gateway.client.send("PUT", "/upgraded");
    for (const fixture of objects) {
      const to = `/upgraded/${fixture.variant}/${fixture.key}`;
      const source = pathOf(fixture.bucket, fixture.key);
      // Metadata of 8 KiB is what F5 to F7 are for, and more than S3 lets an object have.
      const isLarge = ["F5", "F6", "F7", "F5+F9"].includes(fixture.format);
      const copied = await gateway.client.send("PUT", to, {
        headers: {
          "x-amz-copy-source": source,
          ...(isLarge ? { "x-amz-metadata-directive": "REPLACE" } : {}),
        },
      });
      assert.equal(copied.status, 200, `${fixture.variant}: ${copied.text.slice(0, 300)}`);
      const behind = await gateway.store.readStored("upgraded", to.slice("/upgraded/".length));
      assert.ok(behind.metadata["x-amz-meta-s3eg"], fixture.variant);
      const names = Object.keys(behind.metadata).join();
      assert.doesNotMatch(names, /encrypt|compression-|enc-/, fixture.variant);
      const { bytes } = await gateway.client.send("GET", to);
      assert.equal(hash("sha256", bytes), fixture.sha256, fixture.variant);
    }
  });

  it("are never overwritten in their own format", async () => {
    const [fixture] = objects;
    assert.ok(fixture);
    await gateway.client.send("PUT", pathOf(fixture.bucket, fixture.key), { body: "new" });
    const { metadata } = await gateway.store.readStored(fixture.bucket, fixture.key);
    assert.ok(metadata["x-amz-meta-s3eg"]);
    assert.equal(metadata["x-amz-meta-encrypted"], undefined);
  });

  it("are no objects of format 2 whose client has metadata of the same names", async () => {
    const { bucket = "" } = objects[0] ?? {};
    const path = pathOf(bucket, "namesake");
    const names = ["x-amz-meta-encrypted", "x-amz-meta-encryption-iv", "x-amz-meta-e"];
    const own = Object.fromEntries(names.map((name) => [name, "true"]));
    await gateway.client.send("PUT", path, { body: "sealed", headers: own });
    await gateway.client.send("PUT", `${path}-copy`, { headers: { "x-amz-copy-source": path } });
    for (const [method, to] of [
      ["GET", path],
      ["HEAD", path],
      ["GET", `${path}-copy`],
      ["HEAD", `${path}-copy`],
    ] as const) {
      const { status, headers } = await gateway.client.send(method, to);
      assert.equal(status, 200, `${method} ${to}`);
      for (const name of names) assert.equal(headers[name], "true", `${method} ${to} ${name}`);
      assert.equal(headers["content-length"], "6");
    }
  });

  it("leave plain objects beside them unread", async () => {
    for (const fixture of fixtures.filter((plain) => !isSealed(plain))) {
      const { status } = await get(fixture);
      assert.equal(status, 403, fixture.variant);
    }
  });
});

describe("objects of format 1 under one of several passwords", () => {
  /** Those of the former password, and for each layout one that the newest opens. */
  const formats = new Set(objects.map(({ format }) => format));
  const ofNewest = [...formats].flatMap(
    (format) => objects.find((one) => one.open === "password" && one.format === format) ?? [],
  );
  const some = [...all.filter(isOfPolicy), ...ofNewest];

  it("are read, whole and in ranges, and give nothing wrong", async () => {
    assert.ok(some.some(isOfPolicy) && ofNewest.length >= 10, `${some.length}`);
    await using gateway = await legacyGateway("sealed+legacy", { hasFormerPassword: true });
    const companions = readable.filter(({ role }) => role === "companion");
    await store(gateway, [...some, ...companions.filter(({ open }) => open === "password")]);
    for (const fixture of some) {
      const path = pathOf(fixture.bucket, fixture.key);
      const { status, bytes, text } = await gateway.client.send("GET", path);
      assert.equal(status, 200, `${fixture.variant}: ${text.slice(0, 300)}`);
      assert.equal(hash("sha256", bytes), fixture.sha256, fixture.variant);
      const { size = 0, raw_size } = fixture;
      if (size > 0) {
        const headers = { range: "bytes=-1" };
        const last = await gateway.client.send("GET", path, { headers });
        assert.ok(last.bytes.equals(bytes.subarray(-1)), fixture.variant);
      }
      if (raw_size === 0) continue;
      await overwrite(gateway, fixture, { bytes: bytesOf(fixture).subarray(0, -1) });
      const cut = await gateway.client.send("GET", path);
      assert.ok(cut.status >= 500 || !cut.isWhole, fixture.variant);
    }
  });

  it("are not read without theirs", async () => {
    await using gateway = await legacyGateway("sealed+legacy");
    const theirs = all.filter((fixture) => isOfPolicy(fixture) && fixture.raw_size > 0);
    await store(gateway, theirs);
    for (const { bucket, key } of theirs) {
      const { status, isWhole } = await gateway.client.send("GET", pathOf(bucket, key));
      assert.ok(status >= 500 || !isWhole, `${key}: ${status}`);
    }
  });
});

describe("objects of format 1 where the policy says sealed", () => {
  it("are refused, and the log says which value would let them be read", async () => {
    await using gateway = await legacyGateway("sealed");
    const some = objects.filter(({ key }) => key.endsWith("size-1"));
    await store(gateway, some);
    for (const { bucket, key } of some) {
      const { status, text } = await gateway.client.send("GET", pathOf(bucket, key));
      assert.equal(status, 403);
      assert.match(text, /contents: sealed\+legacy/);
    }
  });
});

function flipBase64(value: string): string {
  const bytes = Buffer.from(value, "base64");
  const at = bytes.length - 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes.toString("base64");
}

function flipNonce(value: string): string {
  const manifest = JSON.parse(Buffer.from(value, "base64").toString()) as { iv: string };
  return Buffer.from(JSON.stringify({ ...manifest, iv: flipBase64(manifest.iv) })).toString(
    "base64",
  );
}
