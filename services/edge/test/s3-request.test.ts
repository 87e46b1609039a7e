import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Query } from "../src/s3-request.ts";
import { runningEdge, STANDARD } from "./running-edge.ts";

describe("Query", () => {
  const query = new Query([
    ["a", "1"],
    ["b", ""],
    ["a", "2"],
  ]);

  it("gives the first value of a name", () => {
    assert.deepEqual([query.get("a"), query.get("b"), query.get("c")], ["1", "", undefined]);
  });

  it("gives all parameters of some names, in order", () => {
    const wanted = query.only((name) => name === "a");
    assert.deepEqual(wanted, [
      ["a", "1"],
      ["a", "2"],
    ]);
  });
});

describe("a request's object", () => {
  it("is bound to its bucket, or to the name that the policy gives, and lies where it was asked for", async () => {
    const rules = [{ ...STANDARD, id: "r", buckets: ["replica"], bindAs: "photos" }];
    await using edge = await runningEdge({ rules });
    await edge.send({ method: "PUT", path: "/photos/cat", body: "" });
    await edge.send({ method: "PUT", path: "/replica/cat", body: "", accessKey: "AK2" });
    assert.deepEqual(
      edge.crypto.seals.map(({ place, target }) => [place, target]),
      [
        [
          { bucket: "photos", key: "cat" },
          { bucket: "photos", key: "cat" },
        ],
        [
          { bucket: "photos", key: "cat" },
          { bucket: "replica", key: "cat", identity: "BK2" },
        ],
      ],
    );
    await edge.send({ method: "GET", path: "/photos/cat?versionId=v" });
    assert.equal(edge.crypto.opens[0]?.target.versionId, "v");
  });
});
