import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { duration } from "../../src/endpoints/duration.ts";

describe("a duration in a request", () => {
  it("is written as in the settings, and told to the document as a pattern", () => {
    for (const [text, ms] of [
      ["0", 0],
      ["250ms", 250],
      ["1.5s", 1500],
      ["1h30m", 5_400_000],
      ["99999h99999h99999h99999h", 4 * 99_999 * 3_600_000],
    ] as const) {
      assert.equal(duration().parse(text), ms);
    }
    const schema = z.toJSONSchema(duration(), { io: "input" });
    assert.match(String(schema.pattern), /ns\|us/);
  });

  it("is none that is anything else, or longer than a date can be", () => {
    for (const text of ["", "1", "-1s", "soon", "1 s", `${"9".repeat(400)}h`, "1s".repeat(5)]) {
      assert.ok(!duration().safeParse(text).success, text);
    }
  });
});
