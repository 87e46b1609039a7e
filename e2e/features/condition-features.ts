/** Conditions on reads, writes and deletes. */
import assert from "node:assert/strict";
import { assertAnswer, feature, md5Etag, putText, type Site, send } from "./feature.ts";

const OTHER = md5Etag("something else");

async function statusOf(site: Site, headers: Record<string, string>): Promise<number> {
  return (await send(site, { method: "GET", path: "/k", headers })).status;
}

export const conditionFeatures = [
  feature("If-Match and If-None-Match on GET", async (site) => {
    const etag = await putText(site, "/k", "x");
    assert.equal(await statusOf(site, { "if-match": etag }), 200);
    assert.equal(await statusOf(site, { "if-match": OTHER }), 412);
    assert.equal(await statusOf(site, { "if-none-match": OTHER }), 200);
    assert.equal(await statusOf(site, { "if-none-match": etag }), 304);
  }),
  feature("If-Modified-Since with the object's own Last-Modified gives 304", async (site) => {
    await putText(site, "/k", "x");
    const head = await send(site, { method: "HEAD", path: "/k" });
    const own = head.headers["last-modified"] ?? "";
    assert.equal(await statusOf(site, { "if-modified-since": own }), 304);
  }),
  feature("If-Unmodified-Since and If-Modified-Since far away", async (site) => {
    await putText(site, "/k", "x");
    const past = new Date(1e12).toUTCString();
    assert.equal(await statusOf(site, { "if-unmodified-since": past }), 412);
    assert.equal(await statusOf(site, { "if-modified-since": past }), 200);
  }),
  feature("If-Match decides before If-Unmodified-Since", async (site) => {
    const etag = await putText(site, "/k", "x");
    const past = new Date(1e12).toUTCString();
    assert.equal(await statusOf(site, { "if-match": etag, "if-unmodified-since": past }), 200);
  }),
  feature("If-None-Match decides before If-Modified-Since", async (site) => {
    const etag = await putText(site, "/k", "x");
    const past = new Date(1e12).toUTCString();
    assert.equal(await statusOf(site, { "if-none-match": etag, "if-modified-since": past }), 304);
  }),
  feature("PUT with If-None-Match: * does not overwrite", async (site) => {
    const headers = { "if-none-match": "*" };
    const put = { method: "PUT", path: "/k", headers, body: "one" };
    assertAnswer(await send(site, put), 200);
    assertAnswer(await send(site, { ...put, body: "two" }), 412, "PreconditionFailed");
    const got = await send(site, { method: "GET", path: "/k" });
    assert.equal(got.body.toString(), "one");
  }),
  feature("PUT with If-Match overwrites that object only", async (site) => {
    const etag = await putText(site, "/k", "one");
    const put = { method: "PUT", path: "/k", body: "two" };
    const refused = await send(site, { ...put, headers: { "if-match": OTHER } });
    assertAnswer(refused, 412, "PreconditionFailed");
    assertAnswer(await send(site, { ...put, headers: { "if-match": etag } }), 200);
  }),
  feature("PUT with If-Match where nothing is gives 404", async (site) => {
    const headers = { "if-match": OTHER };
    const answer = await send(site, { method: "PUT", path: "/none", headers, body: "x" });
    assertAnswer(answer, 404, "NoSuchKey");
  }),
  feature("of racing writers with If-None-Match: * one wins", async (site) => {
    for (let round = 0; round < 5; round++) {
      const headers = { "if-none-match": "*" };
      const racing = Array.from({ length: 8 }, (_, writer) =>
        send(site, { method: "PUT", path: `/race-${round}`, headers, body: `writer ${writer}` }),
      );
      const statuses = (await Promise.all(racing)).map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    }
  }),
  feature("DELETE with If-Match deletes that object only", async (site) => {
    const etag = await putText(site, "/k", "x");
    const remove = { method: "DELETE", path: "/k" };
    const refused = await send(site, { ...remove, headers: { "if-match": OTHER } });
    assertAnswer(refused, 412, "PreconditionFailed");
    assertAnswer(await send(site, { ...remove, headers: { "if-match": etag } }), 204);
    assert.equal((await send(site, { method: "GET", path: "/k" })).status, 404);
  }),
];
