import assert from "node:assert/strict";
import { it } from "node:test";
import { versionQuery } from "../../src/backend/version-query.ts";

it("names the version, the one without versions too, and nothing for the newest", () => {
  assert.deepEqual(versionQuery("v1"), [["versionId", "v1"]]);
  assert.deepEqual(versionQuery("null"), [["versionId", "null"]]);
  assert.deepEqual(versionQuery(undefined), []);
});
