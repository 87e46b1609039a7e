import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { companionKeyOf } from "@s3eg/shared/format/companion.ts";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { el } from "@s3eg/shared/s3/xml.ts";
import {
  deleteCompanion,
  type OrphanCompanion,
  orphanCompanions,
} from "../../src/multipart/orphan-companions.ts";
import { answerOf, MemoryBackend } from "../memory-backend.ts";
import { refusedAs } from "./running-uploads.ts";
import { xmlAnswer } from "./uploads-backend.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const DAY_MS = 86_400_000;
const OLD = "2026-05-01T00:00:00Z";
const YOUNG = "2026-05-31T23:00:00Z";

/** A bucket whose listing shows every object as old, but `young`. Of versions it knows one more header of each key in `versions`. */
function bucketOf(versions: Readonly<Record<string, string>> = {}): MemoryBackend {
  const backend = new MemoryBackend();
  backend.intercept = (answer, { method, key, query = [] }) => {
    const asked = new Map(query);
    const versionId = asked.get("versionId");
    if (versionId !== undefined) return answerOf(200, { [HEADER_FIELD]: versionId });
    if (method !== "GET" || key !== undefined) return answer;
    if (asked.has("versions")) return versionsAnswer(asked.get("prefix") ?? "", versions);
    return pageAnswer([...backend.objects.keys()], !asked.has("continuation-token"));
  };
  return backend;
}

function versionsAnswer(key: string, versions: Readonly<Record<string, string>>) {
  const own = versions[key];
  const shown = own === undefined ? [] : [el("Version", el("Key", key), el("VersionId", own))];
  return xmlAnswer(el("ListVersionsResult", ...shown));
}

function pageAnswer(names: readonly string[], isFirst: boolean) {
  const listed = names.map((name) =>
    el(
      "Contents",
      el("Key", encodeURIComponent(name)),
      el("LastModified", name.startsWith("young") ? YOUNG : OLD),
    ),
  );
  const about = [el("EncodingType", "url"), el("IsTruncated", isFirst)];
  const page = isFirst
    ? [el("NextContinuationToken", "more"), ...listed.slice(0, 2)]
    : listed.slice(2);
  return xmlAnswer(el("ListBucketResult", ...about, ...page));
}

async function orphansOf(backend: MemoryBackend): Promise<string[]> {
  const found: OrphanCompanion[] = [];
  const rooms = { backend, now: () => NOW };
  const options = { olderThanMs: DAY_MS };
  for await (const orphan of orphanCompanions(rooms, "b", options)) found.push(orphan);
  return found.map(({ key }) => key);
}

describe("orphanCompanions", () => {
  it("are those whose object is gone or has another header", async () => {
    const backend = bucketOf();
    const bytes = Buffer.from("x");
    backend.put("a ü", bytes, { [HEADER_FIELD]: "now" });
    for (const key of [
      companionKeyOf("a ü", "now"),
      companionKeyOf("a ü", "before"),
      companionKeyOf("gone", "h"),
      companionKeyOf("young", "h"),
      "gone.mpu-manifest",
    ]) {
      backend.put(key, bytes);
    }
    assert.deepEqual(await orphansOf(backend), [
      companionKeyOf("a ü", "before"),
      companionKeyOf("gone", "h"),
    ]);
  });

  it("are not those of an older version, or of an object that can't be looked at", async () => {
    const backend = bucketOf({ k: "before" });
    backend.put("k", Buffer.from("x"), { [HEADER_FIELD]: "now" });
    backend.put(companionKeyOf("k", "before"), Buffer.from("x"));
    assert.deepEqual(await orphansOf(backend), []);
    const { intercept } = backend;
    backend.intercept = (answer, request) =>
      request.method === "HEAD" ? answerOf(403) : intercept(answer, request);
    assert.deepEqual(await orphansOf(backend), []);
  });
});

describe("deleteCompanion", () => {
  it("deletes it, or says why not", async () => {
    const backend = new MemoryBackend();
    const key = companionKeyOf("k", "h");
    backend.put(key, Buffer.from("x"));
    await deleteCompanion({ backend }, { bucket: "b", key, modifiedAtMs: 0 });
    assert.equal(backend.objects.size, 0);
    backend.intercept = () => answerOf(403);
    const denied = deleteCompanion({ backend }, { bucket: "b", key, modifiedAtMs: 0 });
    await assert.rejects(denied, refusedAs("AccessDenied"));
  });
});
