import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fault } from "../../src/faults.ts";
import { createLog, type LogLevel } from "../../src/runtime/log.ts";
import { Secret } from "../../src/runtime/secret.ts";

function capture(level: LogLevel = "debug") {
  const lines: string[] = [];
  const log = createLog({
    service: "edge",
    level,
    destination: { write: (line) => lines.push(line) },
  });
  return {
    log,
    text: () => lines.join(""),
    records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe("createLog", () => {
  it("writes one JSON line with level label, ISO time, service and instance", () => {
    const { log, records } = capture();
    log.child({ requestId: "r1" }).info({ bytesIn: 3 }, "done");
    const [record] = records();
    assert.equal(record?.level, "info");
    assert.match(String(record?.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(record?.service, "edge");
    assert.ok(String(record?.instance).endsWith(`-${process.pid}`));
    assert.equal(record?.requestId, "r1");
    assert.equal(record?.bytesIn, 3);
    assert.equal(record?.msg, "done");
  });

  it("leaves out what is below its level", () => {
    const { log, records } = capture("warn");
    log.debug({}, "a");
    log.info({}, "b");
    log.warn({}, "c");
    log.error({}, "d");
    assert.deepEqual(
      records().map(({ msg }) => msg),
      ["c", "d"],
    );
  });

  it("prints no secret, wherever it lies", () => {
    const { log, text } = capture();
    const hidden = new Secret("hush-hush");
    log.info({ hidden, deep: { list: [hidden] } }, "a");
    log.info({ password: "hush-hush", a: { token: "hush-hush" } }, "b");
    log.info({ headers: { authorization: "hush-hush", "x-amz-signature": "hush-hush" } }, "c");
    log.child({ secretKey: "hush-hush" }).info({}, "d");
    assert.doesNotMatch(text(), /hush/);
    assert.match(text(), /\[secret\]/);
  });

  it("prints an error's code, details, stack and causes, and nothing a library hung on it", () => {
    const { log, records, text } = capture();
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED", request: "hush" });
    log.error(
      { err: new Fault("backend.unavailable", "no answer", { cause, details: { attempt: 3 } }) },
      "failed",
    );
    const error = records()[0]?.err as Record<string, unknown>;
    assert.equal(error.code, "backend.unavailable");
    assert.deepEqual(error.details, { attempt: 3 });
    assert.match(String(error.stack), /log\.test\.ts/);
    assert.equal((error.cause as Record<string, unknown>).code, "ECONNREFUSED");
    assert.doesNotMatch(text(), /hush/);
  });

  it("ends at a cause that is its own cause", () => {
    const { log, records } = capture();
    const error = new Error("round");
    error.cause = error;
    log.error({ err: error }, "failed");
    assert.equal(records().length, 1);
  });

  it("goes by another level at once, in every log that was made of it", () => {
    const { log, records } = capture("warn");
    const child = log.child({ requestId: "r1" });
    child.info({}, "one");
    log.setLevel("debug");
    child.debug({}, "two");
    log.setLevel("error");
    child.warn({}, "three");
    assert.deepEqual(
      records().map(({ msg }) => msg),
      ["two"],
    );
  });
});
