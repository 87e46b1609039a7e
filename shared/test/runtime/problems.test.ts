import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../src/faults.ts";
import { Problems } from "../../src/runtime/problems.ts";

describe("Problems", () => {
  it("gathers what is refused, and says all of it", () => {
    const problems = new Problems();
    const refuse = (message: string) => () => {
      throw new Fault("config.invalid", message);
    };
    assert.equal(
      problems.from(() => 1),
      1,
    );
    problems.refuse();
    assert.equal(problems.from(refuse("one")), undefined);
    assert.equal(problems.from(refuse("other")), undefined);
    assert.throws(() => problems.refuse(), { code: "config.invalid", message: "one\nother" });
  });

  it("is no shelter for bugs", () => {
    const bug = () => {
      throw new TypeError("bug");
    };
    assert.throws(() => new Problems().from(bug), TypeError);
  });
});
