import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inboxOf, permissionsOf } from "../../../deploy/nats/permissions.ts";

describe("the rights of a process on the broker", () => {
  it("are those of its services, under the prefix, and an inbox of its own", () => {
    const { publish, subscribe } = permissionsOf(["edge"], "prod");
    assert.ok(publish.includes("prod.keys.header.reissue"));
    assert.ok(publish.every((subject) => /^prod\.|^\$(?:JS|KV)\./.test(subject)));
    assert.ok(subscribe.includes("prod.crypto.worker.alive"));
    assert.ok(!subscribe.some((subject) => subject.startsWith("prod.keys.data-key")));
    assert.deepEqual(subscribe.slice(-2), ["_INBOX.edge.>", "$SRV.>"]);
  });

  it("let keys have its bucket in JetStream, and nobody else", () => {
    const rights = (service: "keys" | "crypto" | "edge" | "audit") =>
      permissionsOf([service], "s3eg").publish.filter((subject) => subject.startsWith("$"));
    assert.ok(rights("keys").includes("$KV.s3eg-keys.versions"));
    assert.ok(rights("keys").every((subject) => /s3eg-keys|^\$JS\.API\.INFO$/.test(subject)));
    assert.deepEqual([...rights("crypto"), ...rights("audit")], []);
    assert.ok(!rights("edge").some((subject) => subject.includes("s3eg-keys")));
  });

  it("let edge keep jobs and their queue, of which nobody else has anything", () => {
    const { publish } = permissionsOf(["edge"], "s3eg");
    assert.ok(publish.includes("$KV.s3eg-jobs.jobs"));
    assert.ok(publish.includes("s3eg.edge.job.run"));
    const deleting = /STREAM\.(?:DELETE|PURGE|UPDATE)/;
    assert.ok(!publish.some((subject) => deleting.test(subject)));
    for (const service of ["crypto", "keys", "audit", "admin"] as const) {
      const rights = permissionsOf([service], "s3eg").publish;
      assert.ok(!rights.some((subject) => /job\.run|-jobs|job-queue/.test(subject)), service);
    }
  });

  it("of a process with two services are the rights of both", () => {
    const both = permissionsOf(["edge", "crypto"], "s3eg");
    for (const service of ["edge", "crypto"] as const) {
      const { publish } = permissionsOf([service], "s3eg");
      assert.ok(publish.every((subject) => both.publish.includes(subject)));
    }
    assert.equal(inboxOf(["edge", "crypto"]), "_INBOX.edge-crypto");
  });
});
