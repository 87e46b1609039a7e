import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BackendRequest, BackendResponse } from "@s3eg/shared/backend/backend.ts";
import { checkHonoured, type Honoured, probeBackend } from "../src/backend-probe.ts";
import { answer, MemoryBackend } from "./memory-backend.ts";
import { keptLog } from "./running-edge.ts";

const GOOD: Honoured = {
  createOnly: true,
  replaceOnly: true,
  deleteOnly: true,
  hasPlainEtags: true,
};

function backendWith(intercept: (request: BackendRequest) => BackendResponse | undefined) {
  const backend = new MemoryBackend();
  backend.intercept = intercept;
  return backend;
}

describe("probeBackend", () => {
  it("sees that conditions are honoured, and leaves nothing behind", async () => {
    const log = keptLog();
    const backend = backendWith(({ headers }) =>
      headers?.["if-match"] === undefined ? undefined : answer(412),
    );
    assert.deepEqual(await probeBackend(backend, "b", log), GOOD);
    assert.equal(backend.objects.size, 0);
    assert.deepEqual(
      log.lines.map(({ message }) => message),
      ["backend probed"],
    );
  });

  it("sees which are ignored, and ETags of another form", async () => {
    const backend = backendWith(({ method }) =>
      method === "PUT" ? answer(200, { etag: '"x-1"' }) : undefined,
    );
    assert.deepEqual(await probeBackend(backend, "b", keptLog()), {
      createOnly: false,
      replaceOnly: false,
      deleteOnly: false,
      hasPlainEtags: false,
    });
  });

  it("knows nothing where the bucket does not take the object, or nobody answers", async () => {
    const log = keptLog();
    assert.equal(await probeBackend(new MemoryBackend(), "missing", log), undefined);
    const silent = new MemoryBackend();
    silent.intercept = () => Promise.reject(new Error("silent"));
    assert.equal(await probeBackend(silent, "b", log), undefined);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ["warn", "warn"],
    );
  });
});

describe("checkHonoured", () => {
  const refused = { code: "NotImplemented" };
  const ifMatch = { headers: { "if-match": '"e"' } };
  const ifNoneMatch = { headers: { "if-none-match": "*" } };

  it("refuses exactly what the backend ignores", () => {
    for (const [request, write, trait] of [
      [ifMatch, "PUT", "replaceOnly"],
      [ifMatch, "DELETE", "deleteOnly"],
      [ifNoneMatch, "PUT", "createOnly"],
    ] as const) {
      checkHonoured(request, GOOD, write);
      assert.throws(() => checkHonoured(request, { ...GOOD, [trait]: false }, write), refused);
    }
  });

  it("lets pass what has no condition, and everything where nobody tried", () => {
    const none = { createOnly: false, replaceOnly: false, deleteOnly: false, hasPlainEtags: false };
    checkHonoured({ headers: {} }, none, "PUT");
    checkHonoured(ifMatch, undefined, "PUT");
    checkHonoured(ifNoneMatch, none, "DELETE");
  });
});
