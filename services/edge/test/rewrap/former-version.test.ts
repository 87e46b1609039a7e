import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HEADER_FIELD } from "@s3eg/shared/format/layout.ts";
import { isLeftBehind } from "../../src/rewrap/former-version.ts";
import { answer } from "../memory-backend.ts";
import { requestOf, rewrapping } from "./rewrapping.ts";

describe("isLeftBehind", () => {
  it("is true of a version under its old header alone", async () => {
    const { backend, ways } = rewrapping();
    const asked = async (status: number, header?: string) => {
      const headers = header === undefined ? {} : { [HEADER_FIELD]: header };
      backend.intercept = () => answer(status, headers);
      const former = { versionId: "v7", header: "old" };
      return await isLeftBehind(requestOf("cat"), ways.rooms, former);
    };
    assert.equal(await asked(200, "old"), true);
    assert.deepEqual(backend.last("HEAD").request.query, [["versionId", "v7"]]);
    assert.equal(await asked(200, "new"), false);
    assert.equal(await asked(200), false);
    assert.equal(await asked(404), false);
    await assert.rejects(asked(503), { code: "backend.throttled" });
  });
});
