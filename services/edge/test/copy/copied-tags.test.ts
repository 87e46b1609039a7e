import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answer, type KeptRequest } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

const TAGS =
  "<Tagging><TagSet><Tag><Key>a b</Key><Value>1&amp;2</Value></Tag><Tag><Key>é</Key><Value></Value></Tag></TagSet></Tagging>";

async function copied(count: string, headers: Record<string, string> = {}) {
  await using edge = await runningEdge();
  await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
  const stored = edge.backend.objects.get("photos/cat") ?? assert.fail();
  const tagged = { ...stored.headers, "x-amz-tagging-count": count };
  edge.backend.objects.set("photos/cat", { ...stored, headers: tagged });
  edge.backend.intercept = ({ method }) => (method === "GET" ? answer(200, {}, TAGS) : undefined);
  const source = { "x-amz-copy-source": "photos/cat", ...headers };
  const { status } = await edge.send({
    method: "PUT",
    path: "/photos/dog",
    body: "",
    headers: source,
  });
  assert.equal(status, 200);
  const sent = edge.backend.last("PUT").request.headers ?? {};
  const reads = edge.backend.kept.filter(({ request }) => request.method === "GET");
  return { sent, reads };
}

describe("the tags of a copy", () => {
  it("are its source's, given anew", async () => {
    const { sent, reads } = await copied("2");
    assert.equal(sent["x-amz-tagging"], "a%20b=1%262&%C3%A9=");
    assert.equal(sent["x-amz-tagging-directive"], "REPLACE");
    assert.deepEqual(reads[0]?.request.query, [["tagging", ""]]);
  });

  it("are not asked for where there are none, or where the client gives others", async () => {
    assert.equal((await copied("0")).reads.length, 0);
    const given = { "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "c=d" };
    const { sent, reads } = await copied("2", given);
    assert.equal(reads.length, 0);
    assert.equal(sent["x-amz-tagging"], "c=d");
  });

  it("are set after the copy where the backend left them out, on the version that was made", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const tags = { "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "c%20d=e%26f" };
    const headers = { "x-amz-copy-source": "photos/cat", ...tags };
    const copy = { method: "PUT", path: "/photos/dog", headers };
    const asked =
      (name: string) =>
      ({ request: { query = [] } }: KeptRequest) =>
        query.some(([known]) => known === name);
    let count = "1";
    edge.backend.intercept = ({ method, key, query = [] }) => {
      if (query.some(([name]) => name === "tagging")) return answer(200);
      return method === "HEAD" && key === "dog"
        ? answer(200, { "x-amz-tagging-count": count })
        : undefined;
    };
    assert.equal((await edge.send(copy)).status, 200);
    assert.equal(edge.backend.kept.filter(asked("tagging")).length, 0);
    count = "0";
    assert.equal((await edge.send(copy)).status, 200);
    const [{ request, body } = assert.fail()] = edge.backend.kept.filter(asked("tagging"));
    assert.deepEqual([request.method, request.bucket, request.key], ["PUT", "photos", "dog"]);
    assert.match(
      String(body),
      /<TagSet><Tag><Key>c d<\/Key><Value>e&amp;f<\/Value><\/Tag><\/TagSet>/,
    );
  });

  it("are no success where it can't be seen whether the copy has them", async () => {
    await using edge = await runningEdge();
    await edge.send({ method: "PUT", path: "/photos/cat", body: "meow" });
    const tags = { "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "c=d" };
    const headers = { "x-amz-copy-source": "photos/cat", ...tags };
    edge.backend.intercept = ({ method, key }) =>
      method === "HEAD" && key === "dog" ? answer(503) : undefined;
    assert.equal((await edge.send({ method: "PUT", path: "/photos/dog", headers })).status, 503);
  });

  it("are not the client's where it does not say REPLACE", async () => {
    assert.equal((await copied("0", { "x-amz-tagging": "c=d" })).sent["x-amz-tagging"], undefined);
  });
});
