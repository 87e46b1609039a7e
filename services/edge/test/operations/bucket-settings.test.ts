import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bucketSettings } from "../../src/operations/bucket-settings.ts";
import { answer } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

describe("bucket settings", () => {
  it("are asked of the backend, each as itself", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, {}, "<Setting/>");
    for (const { name, method, subresources = [] } of bucketSettings) {
      const path = `/photos?${subresources.map((each) => `${each}=`).join("&")}`;
      const { status } = await edge.send({
        method,
        path,
        ...(method === "PUT" ? { body: "<Setting/>" } : {}),
      });
      assert.equal(status, 200, name);
      const { request, body } = edge.backend.last(method);
      assert.deepEqual(
        request.query,
        subresources.map((each) => [each, ""]),
        name,
      );
      assert.equal(body.toString(), method === "PUT" ? "<Setting/>" : "", name);
      assert.equal(edge.done.at(-1)?.operation, name);
    }
  });

  it("are named once each", () => {
    assert.equal(new Set(bucketSettings.map(({ name }) => name)).size, bucketSettings.length);
  });
});
