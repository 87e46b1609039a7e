import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { operationMatcher } from "../../src/match-operation.ts";
import { refusedOperations } from "../../src/operations/refused-operations.ts";

describe("refusedOperations", () => {
  const match = operationMatcher(refusedOperations);
  const asking = (method: string, key: string, ...names: string[]) => ({
    method,
    bucket: "b",
    key,
    headers: {},
    query: names.map(
      (name) => [name, name === "select-type" || name === "annotationName" ? "2" : ""] as const,
    ),
  });

  it("says which operation is refused and why, without a word to the backend", async () => {
    for (const operation of refusedOperations) {
      const run = () => Reflect.apply(operation.run, operation, []) as Promise<unknown>;
      await assert.rejects(run, {
        code: "NotImplemented",
        status: 501,
        message: new RegExp(`^${operation.name} is not available: .{20,}\\.$`),
      });
    }
  });

  it("knows the requests that would take or give bytes past the seal", () => {
    for (const [name, ...request] of [
      ["SelectObjectContent", "POST", "k", "select", "select-type"],
      ["GetObjectTorrent", "GET", "k", "torrent"],
      ["RenameObject", "PUT", "k", "renameObject"],
      ["AppendObject", "PUT", "k", "append"],
      ["PutObjectAnnotation", "PUT", "k", "annotation"],
      ["GetObjectAnnotation", "GET", "k", "annotation", "annotationName"],
      ["ListObjectAnnotations", "GET", "k", "annotation"],
      ["CreateSession", "GET", "", "session"],
    ] as [string, string, string, ...string[]][]) {
      assert.equal(match(asking(...request)).name, name);
    }
  });
});
