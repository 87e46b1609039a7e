import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "@s3eg/shared/faults.ts";
import {
  EXIT,
  exitCodeOf,
  shown,
  ToolFailure,
  toolArguments,
  wholeNumberOf,
} from "../src/tool-arguments.ts";

const usage = "usage: s3eg tool";
const isUsage = (error: unknown) => error instanceof ToolFailure && error.exitCode === EXIT.usage;

describe("the arguments of a tool", () => {
  it("are operands and options in any order", () => {
    const args = ["bucket", "--key-version", "3", "a key", "--output=json"];
    const given = toolArguments(args, {}, { named: ["key-version"], usage });
    assert.deepEqual(given.operands, ["bucket", "a key"]);
    assert.equal(given.options["key-version"], "3");
    assert.equal(given.isJson, true);
  });

  it("name configuration and log level for the run", () => {
    const args = ["--config", "gateway.yaml", "--log-level", "debug"];
    const { env } = toolArguments(args, { A: "1", CONFIG_PATH: "x" }, { named: [], usage });
    assert.deepEqual(env, { A: "1", CONFIG_PATH: "gateway.yaml", LOG_LEVEL: "debug" });
  });

  it("are refused where an option is unknown, has no value or a wrong one", () => {
    for (const args of [["--nope"], ["--config"], ["--output", "xml"]]) {
      assert.throws(() => toolArguments(args, {}, { named: [], usage }), isUsage, args.join(" "));
    }
    for (const text of ["-1", "1.5", "x", "", "0"]) {
      assert.throws(() => wholeNumberOf(text, 1), isUsage, text);
    }
    assert.equal(wholeNumberOf("12", 1), 12);
    assert.equal(wholeNumberOf(undefined, 1), undefined);
  });
});

describe("the exit code of a failure", () => {
  it("tells a script what kind it is", () => {
    assert.equal(exitCodeOf(new ToolFailure(EXIT.versionMismatch, "m")), 4);
    assert.equal(exitCodeOf(new Fault("config.invalid", "m")), 78);
    assert.equal(exitCodeOf(new Fault("backend.refused", "m", { details: { status: 404 } })), 3);
    assert.equal(exitCodeOf(new Fault("backend.refused", "m", { details: { status: 403 } })), 1);
    assert.equal(exitCodeOf(new Error("m")), 1);
  });
});

describe("what a tool shows", () => {
  it("is lines of names and values, or JSON", () => {
    assert.equal(shown({ "key id": "aes" }, false), "key id              aes\n");
    assert.deepEqual(JSON.parse(shown({ "key id": "aes" }, true)), { "key id": "aes" });
  });
});
