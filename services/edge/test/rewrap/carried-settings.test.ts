import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  carriedHeaders,
  grantHeaders,
  minimumTimeClass,
  uncopiable,
} from "../../src/rewrap/carried-settings.ts";
import { answer, MemoryBackend } from "../memory-backend.ts";
import { requestOf } from "./rewrapping.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("what a re-wrap carries over", () => {
  it("is metadata, storage class, the backend's encryption and the lock", () => {
    const found = {
      "content-type": "text/plain",
      "x-amz-meta-color": "red",
      "x-amz-meta-s3eg": "header",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-object-lock-legal-hold": "ON",
      "x-amz-object-lock-mode": "COMPLIANCE",
      "x-amz-object-lock-retain-until-date": "2027-01-01T00:00:00Z",
    };
    const { "x-amz-meta-s3eg": _, ...carried } = found;
    const all = { ...found, etag: '"e"', "content-length": "5" };
    assert.deepEqual(carriedHeaders(all, NOW), carried);
    const over = { ...all, "x-amz-object-lock-retain-until-date": "2025-01-01T00:00:00Z" };
    assert.equal(carriedHeaders(over, NOW)["x-amz-object-lock-mode"], undefined);
  });

  it("tells what can't be copied, and what it costs", () => {
    const classOf = (name: string) => ({ "x-amz-storage-class": name });
    assert.match(uncopiable(classOf("DEEP_ARCHIVE")) ?? "", /restore/);
    const restored = { ...classOf("GLACIER"), "x-amz-restore": 'ongoing-request="false", x' };
    assert.equal(uncopiable(restored), undefined);
    assert.equal(uncopiable({}), undefined);
    const customers = { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
    assert.equal(uncopiable(customers), "under a customer's key");
    assert.equal(minimumTimeClass(classOf("GLACIER_IR")), "GLACIER_IR");
    assert.equal(minimumTimeClass(classOf("STANDARD")), undefined);
  });

  it("gives grants again where others than the owner have any", async () => {
    const grants = async (status: number, list = "") => {
      const backend = new MemoryBackend();
      const owner = "<Owner><ID>me</ID></Owner>";
      const acl = `<AccessControlPolicy>${owner}<AccessControlList>${list}</AccessControlList></AccessControlPolicy>`;
      backend.intercept = () => answer(status, {}, acl);
      return await grantHeaders(requestOf("cat"), { bucket: "photos", key: "cat" }, { backend });
    };
    const grant = (who: string, permission: string) =>
      `<Grant><Grantee>${who}</Grantee><Permission>${permission}</Permission></Grant>`;
    const own = grant("<ID>me</ID>", "FULL_CONTROL");
    assert.deepEqual(await grants(501), {});
    assert.deepEqual(await grants(200, own), {});
    const all = grant("<URI>http://all</URI>", "READ") + grant("<ID>you</ID>", "READ");
    assert.deepEqual(await grants(200, own + all + grant("<ID>you</ID>", "WRITE_ACP")), {
      "x-amz-grant-full-control": 'id="me"',
      "x-amz-grant-read": 'uri="http://all", id="you"',
      "x-amz-grant-write-acp": 'id="you"',
    });
    await assert.rejects(grants(403), { code: "backend.refused" });
  });
});
