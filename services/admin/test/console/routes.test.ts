import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { offeredBy, ROUTES, routeOf } from "../../src/console/routes.js";

describe("the views of the console", () => {
  it("are those that the gateway has something to show in", () => {
    const has = (_: string, path: string) => path === "/admin/keys" || path === "/admin/series";
    assert.deepEqual(
      offeredBy({ has }).map(({ name }) => name),
      ["keys"],
    );
    assert.equal(offeredBy({ has: () => true }).length, ROUTES.length);
  });

  it("are where the address says, and the first one where it says nothing of use", () => {
    assert.equal(routeOf("#/keys", ROUTES)?.name, "keys");
    assert.equal(routeOf("#/audit/x", ROUTES)?.name, "audit");
    for (const hash of ["", "#", "#/nothing", "#/../keys"]) {
      assert.equal(routeOf(hash, ROUTES)?.name, "overview");
    }
    assert.equal(routeOf("#/keys", []), undefined);
  });

  it("look often enough to be live, and not so often that the limits of admin are met", () => {
    for (const { everyMs, needs } of ROUTES) {
      assert.ok((60_000 / everyMs) * needs.length <= 60);
      assert.ok(needs.every((path) => path.startsWith("/admin/")));
    }
  });
});
