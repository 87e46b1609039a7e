import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openMetadata, sealMetadata } from "@s3eg/shared/contracts/metadata.ts";
import { decodeHeader, encodeHeader } from "@s3eg/shared/format/header.ts";
import { HEADER_FIELD, METADATA_FIELD } from "@s3eg/shared/format/layout.ts";
import { bodyOfBytes } from "@s3eg/shared/http/body.ts";
import { LocalTransfers } from "@s3eg/shared/http/local-transfer.ts";
import type { z } from "zod";
import type { BucketPolicy } from "../src/auth/policy.ts";
import {
  clientsHeaders,
  hasSealedMetadata,
  ownHeaders,
  repeatedHeaders,
  sealedUnder,
} from "../src/object-metadata.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { requestOf } from "./rewrap/rewrapping.ts";
import { keptLog, STANDARD } from "./running-edge.ts";
import { headerFor } from "./stand-in-services.ts";

const place = { bucket: "photos", key: "cat" };
const plain = headerFor(4, place);
const sealed = encodeHeader({ ...decodeHeader(plain), flags: 2 }, () => Buffer.alloc(32));
const OPENED = { "x-amz-meta-a": "1", expires: "never" };
const HIDES: BucketPolicy = { ...STANDARD, metadata: "sealed" };

/** crypto that tells `opened` of whatever it is asked, or that nothing is sealed. */
function rooms(opened: Readonly<Record<string, string>> | "none" = OPENED) {
  const crypto = new LocalTransfers({ log: keptLog() });
  const opens: z.infer<typeof openMetadata.head>[] = [];
  const seals: z.infer<typeof sealMetadata.head>[] = [];
  crypto.serveDownload(openMetadata, async (head) => {
    await Promise.resolve();
    opens.push(head);
    const result = opened === "none" ? {} : { metadata: { ...opened } };
    return { result, body: bodyOfBytes(Buffer.alloc(0)), sizeBytes: 0 };
  });
  crypto.serveUpload(sealMetadata, async ({ head, body }) => {
    await body.pump(() => undefined);
    seals.push(head);
    return { sealed: "VALUE" };
  });
  return { crypto, opens, seals, backend: new MemoryBackend() };
}

const asking = (policy = STANDARD) => ({ ...requestOf("cat"), policy, policyOf: () => policy });
const object = (headers: Readonly<Record<string, string>>) => ({ ...place, place, headers });

describe("clientsHeaders", () => {
  it("are those of the backend where nothing is sealed, and nobody is asked", async () => {
    const { crypto, opens } = rooms();
    const headers = { [HEADER_FIELD]: plain, "x-amz-meta-a": "stored", etag: "e" };
    assert.deepEqual(await clientsHeaders(asking(), { crypto }, object(headers)), headers);
    assert.equal(opens.length, 0);
    assert.ok(!hasSealedMetadata(headers) && !hasSealedMetadata({}));
  });

  it("are opened where the header says that they are sealed, whatever the policy", async () => {
    const headers = {
      [HEADER_FIELD]: sealed,
      [METADATA_FIELD]: "V",
      "content-type": "b",
      etag: "e",
    };
    assert.ok(hasSealedMetadata(headers));
    for (const policy of [STANDARD, HIDES]) {
      const { crypto, opens } = rooms();
      const shown = await clientsHeaders(asking(policy), { crypto }, object(headers));
      assert.deepEqual(shown, { ...headers, "content-type": "binary/octet-stream", ...OPENED });
      assert.deepEqual(opens, [{ target: place, place, header: sealed, sealed: "V" }]);
    }
  });

  it("have a proven header where the policy seals metadata, though these are not sealed", async () => {
    const { crypto, opens } = rooms("none");
    const headers = { [HEADER_FIELD]: plain, "x-amz-meta-a": "stored" };
    assert.deepEqual(await clientsHeaders(asking(HIDES), { crypto }, object(headers)), headers);
    assert.deepEqual(opens, [{ target: place, place, header: plain }]);
  });

  it("are refused where a value lies beside a header that does not speak of it", async () => {
    const { crypto, opens } = rooms();
    const headers = { [HEADER_FIELD]: plain, [METADATA_FIELD]: "V" };
    const shown = clientsHeaders(asking(), { crypto }, object(headers));
    await assert.rejects(shown, { code: "crypto.integrity" });
    assert.equal(opens.length, 0);
  });

  it("are those of format 1 where there is no header", async () => {
    const { crypto } = rooms();
    const headers = { "x-amz-meta-encrypted": "true", "x-amz-meta-a": "1" };
    const shown = await clientsHeaders(asking(), { crypto }, object(headers));
    assert.deepEqual(shown, { "x-amz-meta-a": "1" });
  });
});

describe("ownHeaders", () => {
  it("are opened as those of the version that the request names", async () => {
    const { crypto, opens } = rooms();
    const request = { ...requestOf("cat", "v7"), policy: { ...STANDARD, bindAs: "elsewhere" } };
    const headers = { [HEADER_FIELD]: sealed, [METADATA_FIELD]: "V" };
    assert.equal((await ownHeaders(request, { crypto }, headers)).expires, "never");
    const [{ target, place: bound } = assert.fail()] = opens;
    assert.deepEqual(target, { ...place, versionId: "v7" });
    assert.deepEqual(bound, { bucket: "elsewhere", key: "cat" });
  });
});

describe("sealedUnder", () => {
  it("hides metadata under the header, and leaves the rest", async () => {
    const { crypto, seals } = rooms();
    const storing = { ...OPENED, "x-amz-acl": "private" };
    const stored = await sealedUnder(asking(), { crypto }, { header: sealed, place, storing });
    assert.deepEqual(stored, {
      "x-amz-acl": "private",
      "content-type": "application/octet-stream",
      [METADATA_FIELD]: "VALUE",
    });
    assert.deepEqual(seals, [{ header: sealed, place, metadata: OPENED }]);
  });
});

describe("repeatedHeaders", () => {
  it("are what a 304 must say of sealed metadata, from the very object", async () => {
    const { crypto, backend } = rooms();
    backend.put("photos/cat", Buffer.from("x"), { [HEADER_FIELD]: sealed, [METADATA_FIELD]: "V" });
    const etag = backend.objects.get("photos/cat")?.etag ?? "";
    const repeated = await repeatedHeaders(asking(HIDES), { crypto, backend }, etag);
    assert.deepEqual(repeated, { expires: "never" });
    const changed = repeatedHeaders(asking(HIDES), { crypto, backend }, '"other"');
    await assert.rejects(changed, { code: "backend.changed" });
    assert.deepEqual(await repeatedHeaders(asking(), { crypto, backend }, etag), {});
  });
});
