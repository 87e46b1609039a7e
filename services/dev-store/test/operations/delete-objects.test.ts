import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { runningStore } from "../running-store.ts";

function deleting(xml: string) {
  const body = `<Delete>${xml}</Delete>`;
  const md5 = createHash("md5").update(body).digest("base64");
  return { body, headers: { "content-md5": md5 } };
}

describe("deletes, tags, buckets", () => {
  it("DeleteObjects answers for each key, errors too, and only those when quiet", async () => {
    await using running = await runningStore();
    const { send } = running;
    await send("PUT", "/photos/a", { body: "x" });
    await send("PUT", "/photos/b", { body: "x" });
    const objects =
      '<Object><Key>a</Key></Object><Object><Key>b</Key><ETag>"other"</ETag></Object><Object><Key>none</Key></Object>';
    const result = (await send("POST", "/photos?delete", deleting(objects))).xml();
    assert.deepEqual(
      result.children.map((one) => [one.name, one.textOf("Key"), one.textOf("Code")]),
      [
        ["Deleted", "a", undefined],
        ["Error", "b", "PreconditionFailed"],
        ["Deleted", "none", undefined],
      ],
    );
    const quiet = await send("POST", "/photos?delete", deleting(`<Quiet>true</Quiet>${objects}`));
    assert.deepEqual(
      quiet.xml().children.map(({ name }) => name),
      ["Error"],
    );
  });

  it("DeleteObjects refuses too many, none, and bodies without a digest", async () => {
    await using running = await runningStore();
    const object = "<Object><Key>a</Key></Object>";
    for (const xml of ["", object.repeat(1001), "<Object><VersionId>null</VersionId></Object>"]) {
      const answer = await running.send("POST", "/photos?delete", deleting(xml));
      assert.equal(answer.code, "MalformedXML");
    }
    const { body } = deleting(object);
    const unchecked = await running.send("POST", "/photos?delete", { body });
    assert.equal(unchecked.code, "InvalidRequest");
  });

  it("DeleteObject honours If-Match", async () => {
    await using running = await runningStore();
    const { headers } = await running.send("PUT", "/photos/k", { body: "x" });
    const remove = (ifMatch: string) =>
      running.send("DELETE", "/photos/k", { headers: { "if-match": ifMatch } });
    assert.equal((await remove('"other"')).status, 412);
    assert.equal((await remove(headers.etag ?? "")).status, 204);
    assert.equal((await remove("*")).code, "NoSuchKey");
  });

  it("tags can be set, read and deleted", async () => {
    await using running = await runningStore();
    const { send } = running;
    await send("PUT", "/photos/k", { body: "x" });
    const tag = "<Tag><Key>k</Key><Value>grün</Value></Tag>";
    const tagging = (tags: string) => ({ body: `<Tagging><TagSet>${tags}</TagSet></Tagging>` });
    assert.equal((await send("PUT", "/photos/k?tagging", tagging(tag))).status, 200);
    const read = (await send("GET", "/photos/k?tagging")).xml();
    assert.equal(read.child("TagSet")?.child("Tag")?.textOf("Value"), "grün");
    assert.equal((await send("PUT", "/photos/k?tagging", tagging(tag + tag))).code, "InvalidTag");
    assert.equal(
      (await send("PUT", "/photos/k?tagging", { body: "<Tagging/>" })).code,
      "MalformedXML",
    );
    assert.equal(
      (await send("PUT", "/photos/k?tagging", { body: "<Other/>" })).code,
      "MalformedXML",
    );
    assert.equal((await send("DELETE", "/photos/k?tagging")).status, 204);
    assert.deepEqual((await send("GET", "/photos/k?tagging")).xml().child("TagSet")?.children, []);
    assert.equal((await send("GET", "/photos/none?tagging")).code, "NoSuchKey");
  });

  it("buckets are made, described and removed by S3's rules", async () => {
    await using running = await runningStore();
    const { send } = running;
    assert.equal((await send("PUT", "/Not_A_Bucket")).code, "InvalidBucketName");
    assert.equal((await send("PUT", "/photos")).code, "BucketAlreadyOwnedByYou");
    assert.equal((await send("PUT", "/second", { body: "<Other/>" })).code, "MalformedXML");
    assert.equal((await send("HEAD", "/photos")).status, 200);
    assert.equal((await send("HEAD", "/second")).status, 404);
    assert.equal((await send("GET", "/photos?location")).xml().name, "LocationConstraint");
    const acl = (await send("GET", "/photos?acl")).xml();
    assert.equal(
      acl.child("AccessControlList")?.child("Grant")?.textOf("Permission"),
      "FULL_CONTROL",
    );
    await send("PUT", "/photos/k", { body: "x" });
    assert.equal((await send("GET", "/photos/k?acl")).status, 200);
    assert.equal((await send("DELETE", "/photos")).code, "BucketNotEmpty");
    await send("DELETE", "/photos/k");
    assert.equal((await send("DELETE", "/photos")).status, 204);
    assert.equal((await send("GET", "/photos")).code, "NoSuchBucket");
  });

  it("versioning is enabled and suspended, and nothing else", async () => {
    await using running = await runningStore();
    const { send } = running;
    const put = (inner: string) =>
      send("PUT", "/photos?versioning", {
        body: `<VersioningConfiguration>${inner}</VersioningConfiguration>`,
      });
    assert.equal((await send("GET", "/photos?versioning")).xml().textOf("Status"), undefined);
    assert.equal((await put("<Status>On</Status>")).code, "MalformedXML");
    assert.equal((await put("<MfaDelete>Enabled</MfaDelete>")).code, "NotImplemented");
    for (const status of ["Enabled", "Suspended"]) {
      await put(`<Status>${status}</Status>`);
      assert.equal((await send("GET", "/photos?versioning")).xml().textOf("Status"), status);
    }
  });
});
