import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { objectSettings } from "../../src/operations/object-settings.ts";
import { answer } from "../memory-backend.ts";
import { runningEdge } from "../running-edge.ts";

describe("object settings", () => {
  it("are asked of the backend for the version named", async () => {
    await using edge = await runningEdge();
    edge.backend.intercept = () => answer(200, {}, "<Setting/>");
    for (const { name, method, subresources = [] } of objectSettings) {
      const path = `/photos/cat?${subresources.join("&")}&versionId=v`;
      const body = method === "PUT" || method === "POST" ? { body: "<Setting/>" } : {};
      assert.equal((await edge.send({ method, path, ...body })).status, 200, name);
      const { request } = edge.backend.last(method);
      assert.deepEqual(
        [request.key, request.query],
        ["cat", [...subresources.map((each) => [each, ""]), ["versionId", "v"]]],
      );
      assert.equal(edge.done.at(-1)?.operation, name);
    }
  });

  for (const part of ["SelectParameters", "OutputLocation"]) {
    it(`refuse a restore with ${part}: the backend holds ciphertext`, async () => {
      await using edge = await runningEdge();
      const body = `<RestoreRequest><${part}/></RestoreRequest>`;
      const { code } = await edge.send({ method: "POST", path: "/photos/cat?restore", body });
      assert.equal(code, "NotImplemented");
      assert.equal(edge.backend.kept.length, 0);
    });
  }
});
