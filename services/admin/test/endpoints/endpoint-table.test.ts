import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { endpoint } from "../../src/endpoints/endpoint.ts";
import { EndpointTable } from "../../src/endpoints/endpoint-table.ts";

function at(method: "GET" | "POST" | "PUT", path: string) {
  return endpoint({
    ...{ method, path, summary: path },
    answers: { 200: { description: "the path", contentType: "text/plain" } },
    handle: async () => ({ status: 200, body: path }),
  });
}

const table = new EndpointTable([
  at("GET", "/things/{id}"),
  at("GET", "/things/all"),
  at("PUT", "/things/{id}"),
  at("POST", "/things/{id}/parts/{part}"),
]);

describe("the table of endpoints", () => {
  it("finds by method and path, fixed paths before those with parameters", () => {
    const found = (method: string, path: string) => {
      const match = table.match(method, path);
      return match.endpoint && [match.endpoint.method, match.endpoint.path, match.params];
    };
    assert.deepEqual(found("GET", "/things/all"), ["GET", "/things/all", {}]);
    assert.deepEqual(found("GET", "/things/a%20b"), ["GET", "/things/{id}", { id: "a b" }]);
    assert.deepEqual(found("HEAD", "/things/a"), ["GET", "/things/{id}", { id: "a" }]);
    assert.deepEqual(found("PUT", "/things/all"), ["PUT", "/things/{id}", { id: "all" }]);
    assert.deepEqual(found("POST", "/things/a/parts/1"), [
      "POST",
      "/things/{id}/parts/{part}",
      { id: "a", part: "1" },
    ]);
  });

  it("says 404 where nothing is, and 400 to a path that cannot be read", () => {
    for (const path of ["", "/", "/things", "/things/", "/things/a/", "//things/a", "/Things/a"]) {
      const match = table.match("GET", path);
      assert.equal(match.endpoint === undefined && match.answer.status, 404, path);
    }
    for (const path of ["/things/%", "/things/%zz", "/things/%ff"]) {
      const match = table.match("GET", path);
      assert.equal(match.endpoint === undefined && match.answer.status, 400, path);
    }
  });

  it("says 405 and what is allowed to a method that is not", () => {
    for (const [method, path, allow] of [
      ["DELETE", "/things/a", "GET, HEAD, PUT"],
      ["POST", "/things/all", "GET, HEAD, PUT"],
      ["GET", "/things/a/parts/1", "POST"],
      ["HEAD", "/things/a/parts/1", "POST"],
      ["__proto__", "/things/a", "GET, HEAD, PUT"],
    ] as const) {
      const match = table.match(method, path);
      assert.ok(match.endpoint === undefined);
      assert.equal(match.answer.status, 405, method);
      assert.equal(match.answer.headers?.allow, allow);
    }
  });

  it("takes no two endpoints for one place", () => {
    assert.throws(() => new EndpointTable([at("GET", "/a"), at("GET", "/a")]), /GET \/a/);
  });
});
