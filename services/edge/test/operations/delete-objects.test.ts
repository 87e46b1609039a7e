import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { el, parseXml, type XmlNode, xmlDocument } from "@s3eg/shared/s3/xml.ts";
import { configuredRights } from "../../src/auth/configured-rights.ts";
import { Rights } from "../../src/auth/rights.ts";
import { parseScope, type Scope } from "../../src/auth/scope.ts";
import { answer } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";
import { standInParts } from "../stand-in-parts.ts";

const RESULT = "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>";

const LOGS = parseScope("photos/logs/*") as Scope;
const LIMITED = { accessKey: "LIMITED", rights: new Rights(["delete"], [LOGS]) };

async function edgeOf() {
  const edge = await runningEdge({ principals: [LIMITED] });
  edge.backend.intercept = ({ method }) =>
    method === "POST" ? answer(200, {}, RESULT) : undefined;
  const deleteAll = (body: string | Uint8Array, accessKey = "AK") =>
    edge.send({ method: "POST", path: "/photos?delete", body, accessKey });
  return { edge, deleteAll, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}
const object = (key: string, ...more: XmlNode[]) => el("Object", el("Key", key), ...more);
const document = (...objects: XmlNode[]) => xmlDocument(el("Delete", ...objects));

describe("DeleteObjects", () => {
  it("passes keys, versions and mapped ETags on, and the result back", async () => {
    await using running = await edgeOf();
    const md5 = "a".repeat(32);
    const sent = document(
      el("Quiet", true),
      object("a", el("VersionId", "v")),
      object("b\u0001<é>", el("ETag", `"${md5}-0"`)),
    );
    const { status, text } = await running.deleteAll(sent);
    assert.deepEqual([status, text], [200, RESULT]);
    const { body, request } = running.edge.backend.last("POST");
    assert.deepEqual(request.query, [["delete", ""]]);
    assert.ok(request.headers?.["content-md5"]);
    const root = parseXml(body.toString());
    const [first, second] = root.all("Object");
    assert.equal(root.textOf("Quiet"), "true");
    assert.deepEqual([first?.textOf("Key"), first?.textOf("VersionId")], ["a", "v"]);
    assert.deepEqual([second?.textOf("Key"), second?.textOf("ETag")], ["b\u0001<é>", `"${md5}"`]);
  });

  it("judges each key, asks the backend for the others, and says so of those it did not", async () => {
    await using running = await edgeOf();
    const version = el("VersionId", "v");
    const sent = document(object("logs/a"), object("other", version), object("logs/b"));
    const result = (await running.deleteAll(sent, "LIMITED")).xml();
    const { body } = running.edge.backend.last("POST");
    const asked = parseXml(body.toString()).all("Object");
    assert.deepEqual(
      asked.map((one) => one.textOf("Key")),
      ["logs/a", "logs/b"],
    );
    assert.equal(result.all("Deleted").length, 1);
    assert.deepEqual(
      result
        .all("Error")
        .map((one) => ["Key", "VersionId", "Code"].map((name) => one.textOf(name))),
      [["other", "v", "AccessDenied"]],
    );
  });

  it("asks nothing of the backend where no key may be deleted", async () => {
    await using running = await edgeOf();
    const { status, ...answered } = await running.deleteAll(document(object("other")), "LIMITED");
    assert.equal(status, 200);
    assert.equal(answered.xml().all("Error").length, 1);
    assert.equal(running.edge.backend.kept.length, 0);
  });

  const many = (count: number) =>
    document(...Array.from({ length: count }, (_, n) => object(`k${n}`)));

  it("takes a thousand keys", async () => {
    await using running = await edgeOf();
    assert.equal((await running.deleteAll(many(1000))).status, 200);
  });

  for (const [what, body] of [
    ["more than a thousand keys", many(1001)],
    ["no key", document()],
    ["an empty key", document(object("a"), object(""))],
    ["another document", xmlDocument(el("Remove", object("a")))],
    ["no XML", "delete everything"],
    ["nothing", ""],
    ["a second key", document(object("a", el("Key", "b")))],
    ["something else beside the objects", document(object("a"), el("X", object("b")))],
    ["something else in an object", document(object("a", el("X", el("Key", "b"))))],
    ["something in a key", document(el("Object", el("Key", "a", el("Key", "b"))))],
    ["an entity", '<!DOCTYPE a [<!ENTITY k "x">]><Delete><Object><Key>&k;</Key></Object></Delete>'],
    [
      "bytes that are not UTF-8",
      Buffer.from("<Delete><Object><Key>\xff</Key></Object></Delete>", "latin1"),
    ],
  ] as const) {
    it(`is MalformedXML with ${what}, and nothing is deleted`, async () => {
      await using running = await edgeOf();
      assert.equal((await running.deleteAll(body)).code, "MalformedXML");
      assert.equal(running.edge.backend.kept.length, 0);
    });
  }

  it("deletes what the credential may delete, and says of each other key that it may not", async () => {
    const rights = configuredRights({ buckets: ["photos/mine/*"] }, "c");
    await using edge = await runningEdge({ principals: [{ accessKey: "AK3", rights }] });
    edge.backend.intercept = () => answer(200, {}, RESULT);
    const asked = { method: "POST", path: "/photos?delete", accessKey: "AK3" };
    const body = document(object("mine/a"), object("other/b", el("VersionId", "v")));
    const root = (await edge.send({ ...asked, body })).xml();
    assert.deepEqual(
      parseXml(edge.backend.last("POST").body.toString())
        .all("Object")
        .map((each) => each.textOf("Key")),
      ["mine/a"],
    );
    assert.equal(root.all("Deleted").length, 1);
    const denied = root.child("Error");
    assert.deepEqual(
      ["Key", "VersionId", "Code"].map((name) => denied?.textOf(name)),
      ["other/b", "v", "AccessDenied"],
    );
    edge.backend.kept.length = 0;
    const none = await edge.send({ ...asked, body: document(object("other/b")) });
    assert.equal(none.xml().all("Error").length, 1);
    assert.equal(edge.backend.kept.length, 0);
  });

  it("does not compare a client's size with a stored one", async () => {
    await using site = await edgeOf();
    const { status, code } = await site.deleteAll(document(object("a", el("Size", 3))));
    assert.deepEqual([status, code], [501, "NotImplemented"]);
    assert.deepEqual(site.edge.backend.kept, []);
  });
});

describe("DeleteObjects of objects with a manifest beside them", () => {
  const MARKED =
    "<Deleted><Key>marked</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>";
  const FAILED = "<Error><Key>refused</Key><Code>AccessDenied</Code></Error>";

  async function edgeWithCompanions() {
    const edge = await runningEdge({ needsEqualParts: true });
    standInParts(edge, "photos/gone");
    const sealed = edge.backend.objects.get("photos/gone") ?? assert.fail();
    // All ten thousand parts: the manifest has no room inside.
    const found = { ...sealed, etag: `"${"c".repeat(32)}-10000"` };
    for (const key of ["gone", "marked", "refused"])
      edge.backend.objects.set(`photos/${key}`, found);
    const result = `<DeleteResult><Deleted><Key>gone</Key></Deleted>${MARKED}${FAILED}</DeleteResult>`;
    edge.backend.intercept = ({ method }) =>
      method === "POST" ? answer(200, {}, result) : undefined;
    return edge;
  }

  for (const isQuiet of [false, true]) {
    it(`takes along those of objects that are gone alone, ${isQuiet ? "quiet" : "told"}`, async () => {
      await using edge = await edgeWithCompanions();
      const objects = ["gone", "marked", "refused"].map((key) => object(key));
      const body = document(...(isQuiet ? [el("Quiet", true)] : []), ...objects);
      const told = (await edge.send({ method: "POST", path: "/photos?delete", body })).xml();
      assert.equal(parseXml(edge.backend.last("POST").body.toString()).child("Quiet"), undefined);
      const deleted = edge.backend.kept.filter(({ request }) => request.method === "DELETE");
      assert.equal(deleted.length, 1);
      assert.match(deleted[0]?.request.key ?? "", /^gone\.[0-9a-f]{16}\.mpu-manifest$/);
      assert.deepEqual(
        told.children.map((each) => [each.name, each.textOf("Key")]),
        [
          ...(isQuiet
            ? []
            : [
                ["Deleted", "gone"],
                ["Deleted", "marked"],
              ]),
          ["Error", "refused"],
        ],
      );
    });
  }

  it("asks for a quiet answer where nothing depends on it", async () => {
    await using edge = await edgeWithCompanions();
    const body = document(el("Quiet", true), object("plain"));
    await edge.send({ method: "POST", path: "/photos?delete", body });
    assert.equal(parseXml(edge.backend.last("POST").body.toString()).textOf("Quiet"), "true");
  });
});
