import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault, toWireFault } from "@s3eg/shared/faults.ts";
import { FLAG, HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { type Body, bodyOfBytes } from "@s3eg/shared/http/body.ts";
import type { Incidents } from "../src/incidents.ts";
import {
  watchedDescribing,
  watchedDownload,
  watchedReading,
  watchedUpload,
} from "../src/watched.ts";
import { MemoryBackend } from "./memory-backend.ts";

const HEAD = { target: { bucket: "b", key: "k" }, uploadId: "u" };
const CONTEXT = { requestId: "r", signal: new AbortController().signal };
const SENT = { head: HEAD, body: bodyOfBytes(new Uint8Array()), tail: () => ({}) };
const DAMAGED = new Fault("crypto.integrity", "damaged");
const PARTS_HEADER = Buffer.from([0, 0, FLAG.multipart, 0]).toString("base64url");
const SINGLE_HEADER = Buffer.from([0, 0, 0, 0]).toString("base64url");

function kept() {
  const seen: string[] = [];
  const incidents: Incidents = {
    report: (incident, { operation, requestId, bucket, key, uploadId = "" }) => {
      seen.push([incident, operation, requestId, bucket, key, uploadId].join(" "));
    },
  };
  return { seen, incidents };
}

/** A read that looks at an object, then gives `body` or throws it. */
async function read(body: Body | Error, object: { header?: string; etag?: string } = {}) {
  const { seen, incidents } = kept();
  const backend = new MemoryBackend();
  const { header = PARTS_HEADER, etag = '"x"' } = object;
  const headers: Record<string, string> = header === "" ? {} : { [HEADER_FIELD]: header };
  backend.objects.set("k", { bytes: Buffer.alloc(0), headers, etag });
  const answerer = watchedReading(
    "open-object",
    (watched) => async () => {
      await watched.send({ method: "HEAD", bucket: "b", key: "k", requestId: "r" });
      if (body instanceof Error) throw body;
      return { result: { isSealed: header !== "" }, body, sizeBytes: 1 };
    },
    { backend, incidents },
  );
  const reading = async () => {
    const answer = await answerer({ target: HEAD.target }, CONTEXT);
    await answer.body.pump(() => undefined);
  };
  const failure = await reading().catch((error: unknown) => error);
  return { seen, failure };
}

const broken: Body = {
  pump: async (take) => {
    await take(Buffer.from("a"));
    throw DAMAGED;
  },
  destroy: () => undefined,
};

describe("watched steps of an upload", () => {
  for (const [code, incident] of [
    ["crypto.integrity", "mpu.tamper_detected"],
    ["state.unavailable", "mpu.valkey_unavailable"],
    ["backend.unavailable", undefined],
    ["state.unknown-upload", undefined],
  ] as const) {
    it(`report ${code} as ${incident ?? "nothing"}, and fail with it all the same`, async () => {
      const { seen, incidents } = kept();
      const fault = new Fault(code, "it failed");
      const refuse = () => Promise.reject(fault);
      await assert.rejects(watchedUpload("seal-part", refuse, incidents)(SENT, CONTEXT), fault);
      await assert.rejects(watchedDownload("list-parts", refuse, incidents)(HEAD, CONTEXT), fault);
      const wanted = ["seal-part", "list-parts"].map((name) => `${incident} ${name} r b k u`);
      assert.deepEqual(seen, incident === undefined ? [] : wanted);
    });
  }

  it("report nothing of what goes well", async () => {
    const { seen, incidents } = kept();
    assert.equal(await watchedUpload("x", async () => 7, incidents)(SENT, CONTEXT), 7);
    assert.deepEqual(seen, []);
  });
});

describe("a watched reading", () => {
  const TAMPERED = ["mpu.tamper_detected open-object r b k "];

  it("reports what does not verify, before the first byte and after it", async () => {
    for (const body of [DAMAGED, broken]) {
      const { seen, failure } = await read(body);
      assert.deepEqual([failure, seen], [DAMAGED, TAMPERED]);
    }
  });

  it("keeps to objects of parts, as the header or the backend's ETag calls them", async () => {
    const single = { header: SINGLE_HEADER };
    assert.deepEqual((await read(DAMAGED, single)).seen, []);
    const etag = `"${"0".repeat(32)}-3"`;
    assert.deepEqual((await read(DAMAGED, { ...single, etag })).seen, TAMPERED);
  });

  it("reports no other failure", async () => {
    assert.deepEqual((await read(new Fault("backend.unavailable", "gone"))).seen, []);
    assert.deepEqual((await read(bodyOfBytes(Buffer.from("a")))).seen, []);
  });

  it("reports bytes that no key has confirmed", async () => {
    const { seen, failure } = await read(bodyOfBytes(Buffer.from("a")), { header: "" });
    assert.deepEqual([failure, seen], [undefined, ["plain_object.read open-object r b k "]]);
  });

  it("keeps the way to lend bytes, and watches it", async () => {
    const { seen, incidents } = kept();
    const backend = new MemoryBackend();
    backend.put("k", Buffer.alloc(0), { [HEADER_FIELD]: PARTS_HEADER });
    const lending: Body = { ...broken, pumpBorrowed: broken.pump };
    const on = watchedReading(
      "open-object",
      (watched) => async () => {
        await watched.send({ method: "HEAD", bucket: "b", key: "k", requestId: "r" });
        return { result: { isSealed: true }, body: lending, sizeBytes: 1 };
      },
      { backend, incidents },
    );
    const { body } = await on({ target: HEAD.target }, CONTEXT);
    await assert.rejects(async () => await body.pumpBorrowed?.(() => undefined), DAMAGED);
    assert.deepEqual(seen, TAMPERED);
  });
});

describe("watched descriptions", () => {
  it("report each object of parts that does not verify", async () => {
    const { seen, incidents } = kept();
    const parts = `"${"0".repeat(32)}-2"`;
    const asked = { requestId: "r", deadlineMs: 0, isLocal: true };
    const objects = [
      { key: "single", etag: '"x"' },
      { key: "damaged", etag: parts },
      { key: "gone", etag: parts },
      { key: "good", etag: parts },
    ];
    const described = [
      { fault: toWireFault(DAMAGED) },
      { fault: toWireFault(DAMAGED) },
      { fault: toWireFault(new Fault("backend.changed", "gone")) },
      { facts: {} },
    ];
    const answerer = async () => ({ described });
    const answer = watchedDescribing("crypto.object.describe", answerer, incidents);
    assert.deepEqual(await answer({ bucket: "b", objects }, asked), { described });
    assert.deepEqual(seen, ["mpu.tamper_detected crypto.object.describe r b damaged "]);
  });
});
