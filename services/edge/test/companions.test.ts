import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isFault } from "@s3eg/shared/faults.ts";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { encodeHeader } from "@s3eg/shared/format/header.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { EVERYTHING } from "../src/auth/rights.ts";
import {
  companionToDelete,
  copyCompanion,
  deleteCompanions,
  isCompanionName,
  refuseCompanionName,
} from "../src/companions.ts";
import { MemoryBackend, refusal } from "./memory-backend.ts";

const KEY = new Uint8Array(32);
const request = {
  id: "r",
  bucket: "b",
  principal: { accessKey: "A", rights: EVERYTHING },
  signal: new AbortController().signal,
};

function headerWith(flags: number): string {
  const about = { suite: 1, objectId: KEY, commitment: KEY, createdAtMs: 0 } as const;
  const wrapped = { provider: "aes", keyId: "k", keyVersion: 1, wrappedKey: KEY } as const;
  const plaintextSize = (flags & FLAG.multipart) === 0 ? 1 : undefined;
  return encodeHeader({ ...about, ...wrapped, flags, plaintextSize }, () => KEY);
}

function backendWith(header: string, etag = '"e-3"'): MemoryBackend {
  const backend = new MemoryBackend();
  const headers = { [HEADER_FIELD]: header };
  backend.objects.set("b/k", { bytes: Buffer.from("x"), headers, etag });
  return backend;
}

describe("names of companions", () => {
  it("are refused by name", () => {
    const name = companionKeyOf("k", "h");
    assert.deepEqual([isCompanionName(name), isCompanionName("k")], [true, false]);
    refuseCompanionName("k");
    assert.throws(() => refuseCompanionName(name), /gateway's own/);
  });
});

describe("companionToDelete", () => {
  const BESIDE = headerWith(FLAG.multipart | FLAG.companionManifest);

  it("is that of the object, or the version, as its header says", async () => {
    const backend = backendWith(BESIDE);
    const rooms = { backend, needsEqualParts: true };
    const found = await companionToDelete(request, rooms, { key: "k", versionId: "v" });
    assert.equal(found, companionKeyOf("k", BESIDE));
    assert.deepEqual(backend.last("HEAD").request.query, [["versionId", "v"]]);
    const full = backendWith(headerWith(FLAG.multipart), `"${"0".repeat(32)}-10000"`);
    assert.ok(await companionToDelete(request, { ...rooms, backend: full }, { key: "k" }));
  });

  it("is none of an object that has its manifest inside, of none at all, and elsewhere", async () => {
    for (const flags of [0, FLAG.multipart]) {
      const rooms = { backend: backendWith(headerWith(flags)), needsEqualParts: true };
      assert.equal(await companionToDelete(request, rooms, { key: "k" }), undefined);
      assert.equal(await companionToDelete(request, rooms, { key: "none" }), undefined);
    }
    const backend = backendWith(BESIDE);
    assert.equal(await companionToDelete(request, { backend }, { key: "k" }), undefined);
    assert.deepEqual(backend.kept, []);
  });
});

describe("deleteCompanions", () => {
  it("deletes what it can", async () => {
    const backend = new MemoryBackend();
    backend.intercept = ({ key }) => {
      if (key === "one") throw new Error("out of reach");
      return undefined;
    };
    await deleteCompanions(request, { backend }, ["one", "two"]);
    assert.deepEqual(
      backend.kept.map(({ request: { method, key } }) => [method, key]),
      [
        ["DELETE", "one"],
        ["DELETE", "two"],
      ],
    );
  });
});

const PASSED = { "x-amz-request-payer": "requester", "x-amz-copy-source-if-match": '"e-3"' };

describe("copyCompanion", () => {
  it("has the backend copy it, or says why not", async () => {
    const backend = backendWith("h");
    const copying = { from: "b/k", to: "k2", headers: PASSED };
    await copyCompanion(request, { backend }, copying);
    const { request: sent } = backend.last("PUT");
    assert.equal(sent.key, "k2");
    assert.equal(sent.headers?.["x-amz-copy-source"], "b/k");
    assert.equal(sent.headers?.["x-amz-request-payer"], "requester");
    backend.intercept = () => refusal(403, "AccessDenied");
    const refused = copyCompanion(request, { backend }, copying);
    await assert.rejects(refused, (error) => isFault(error, "backend.refused"));
  });
});
