import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type ActiveUpload,
  abortUploadById,
  listUploads,
  type UploadRefusal,
} from "@s3eg/shared/contracts/upload-control.ts";
import { multipartEndpoints } from "../../src/endpoints/multipart.ts";
import { office } from "../office.ts";
import { ask } from "./asked.ts";

function anUpload(index: number): ActiveUpload {
  const [createdAtMs, expiresAtMs] = [1_700_000_000_000, 1_700_000_600_000];
  const uploadId = `u-${100 + index}`;
  return { uploadId, bucket: "b", key: `k/${index}`, createdAtMs, expiresAtMs, isSealed: true };
}

/** The endpoints before a crypto with so many uploads, of which a message holds three. */
function before(count: number) {
  const { bus } = office();
  const all = Array.from({ length: count }, (_, index) => anUpload(index));
  bus.serve(listUploads, async ({ after = "", limit }) => {
    const rest = all.filter(({ uploadId }) => uploadId > after);
    const uploads = rest.slice(0, Math.min(limit, 3));
    const page = { uploads, hasMore: uploads.length < rest.length, total: all.length };
    return { plain: { page } };
  });
  bus.serve(abortUploadById, async ({ uploadId }) => {
    const upload = all.find((each) => each.uploadId === uploadId);
    const refusal = { reason: "NoSuchUpload", message: "none" } as const;
    return {
      plain: upload ? { aborted: { bucket: upload.bucket, key: upload.key } } : { refusal },
    };
  });
  return multipartEndpoints({ bus, session: undefined });
}

describe("GET /admin/mpu/list", () => {
  it("lists uploads under way in the words that tools know, and how to go on", async () => {
    const { status, body } = await ask(before(1), "GET /admin/mpu/list");
    assert.equal(status, 200);
    assert.ok(Math.abs(Date.parse(String(body.timestamp)) - Date.now()) < 60_000);
    assert.deepEqual(
      { ...body, timestamp: "" },
      {
        active_uploads: [
          {
            upload_id: "u-100",
            bucket: "b",
            key: "k/0",
            created_at: "2023-11-14T22:13:20.000Z",
            expires_at: "2023-11-14T22:23:20.000Z",
            encrypted: true,
          },
        ],
        count: 1,
        total: 1,
        timestamp: "",
      },
    );
    assert.deepEqual((await ask(before(0), "GET /admin/mpu/list")).body.active_uploads, []);
  });

  it("asks until it has as many as are wanted, and goes on after the last one", async () => {
    const endpoints = before(11);
    const idsOf = (body: Readonly<Record<string, unknown>>) =>
      (body.active_uploads as { upload_id: string }[]).map(({ upload_id: id }) => id);
    const first = (await ask(endpoints, "GET /admin/mpu/list?limit=7")).body;
    assert.deepEqual([first.count, first.total, first.next], [7, 11, "u-106"]);
    const rest = (await ask(endpoints, `GET /admin/mpu/list?limit=7&after=${String(first.next)}`))
      .body;
    assert.deepEqual([rest.count, rest.total, rest.next], [4, 11, undefined]);
    assert.deepEqual(
      [...idsOf(first), ...idsOf(rest)],
      Array.from({ length: 11 }, (_, index) => `u-${100 + index}`),
    );
  });

  it("refuses a limit that is none", async () => {
    for (const query of ["limit=0", "limit=x", "limit=10001", "limit=1.5", "after=", "page=2"]) {
      assert.equal((await ask(before(0), `GET /admin/mpu/list?${query}`)).status, 400, query);
    }
  });
});

describe("POST /admin/mpu/abort/{uploadId}", () => {
  it("ends an upload, whatever its id looks like, and says which", async () => {
    const ended = await ask(before(2), "POST /admin/mpu/abort/u%2D101");
    assert.equal(ended.status, 200);
    assert.deepEqual(ended.body, {
      status: "aborted",
      upload_id: "u-101",
      bucket: "b",
      key: "k/1",
    });
    const none = await ask(before(2), "POST /admin/mpu/abort/a%2F..%2Fb");
    assert.equal(none.status, 404);
    assert.match(none.text, /NoSuchUpload/);
  });

  it("tells what went wrong, and 503 where no crypto answers", async () => {
    for (const [reason, status] of [
      ["NoSuchUpload", 404],
      ["StateUnreadable", 409],
      ["NotConfigured", 501],
      ["BackendFailed", 502],
      ["StateUnavailable", 503],
    ] as [UploadRefusal["reason"], number][]) {
      const { bus } = office();
      const refusing = async () => ({ plain: { refusal: { reason, message: "why" } } });
      bus.serve(abortUploadById, refusing);
      bus.serve(listUploads, refusing);
      const endpoints = multipartEndpoints({ bus, session: undefined });
      for (const what of ["POST /admin/mpu/abort/u", "GET /admin/mpu/list"]) {
        const { status: answered, body } = await ask(endpoints, what);
        assert.equal(answered, status);
        assert.deepEqual(body, { error: { code: reason, message: "why" } });
      }
    }
    const { bus } = office();
    const alone = await ask(
      multipartEndpoints({ bus, session: undefined }),
      "POST /admin/mpu/abort/u",
    );
    assert.equal(alone.status, 503);
  });
});
