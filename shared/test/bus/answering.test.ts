import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { parseFact, parseInput, parseOutput } from "../../src/bus/answering.ts";
import { announcement, question } from "../../src/contracts/contract.ts";

describe("what does not fit a contract", () => {
  const ask = question("contract.text.say", {
    input: z.strictObject({ secret: z.string(), n: z.number() }),
    output: z.object({ secret: z.string() }),
  });
  const tell = announcement("contract.text.said", z.object({ secret: z.string() }));

  it("is told by path and rule, never by value", () => {
    const odd = { secret: ["hunter2"], n: "hunter2" };
    for (const [parse, code] of [
      [() => parseInput(ask, odd), "input.invalid"],
      [() => parseOutput(ask, odd), "internal.bug"],
      [() => parseFact(tell, odd), "input.invalid"],
    ] as const) {
      assert.throws(parse, (error: Error & { code?: string }) => {
        assert.equal(error.code, code);
        assert.match(error.message, /contract\.text\.sa.*secret: /);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    }
  });
});
