import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Fault } from "../../src/faults.ts";
import { failureCode, traced } from "../../src/runtime/tracing.ts";
import { KeptSpans } from "./kept-spans.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const UNSAMPLED = `00-${TRACE}-00f067aa0ba902b7-00`;
const request = { name: "S3", kind: "server", client: undefined } as const;
const part = { name: "part", kind: "internal" } as const;

describe("Tracing", () => {
  it("makes what is done within a span its child, over awaits, and parts of two requests never each other's", async () => {
    const kept = new KeptSpans();
    const tracing = kept.tracing();
    const serve = (name: string) =>
      tracing.request({ ...request, name }, async () => {
        await turn();
        await traced(tracing, { ...part, name: `${name} part` }, async () => {
          await turn();
          traced(tracing, { ...part, name: `${name} leaf` }, () => undefined);
        });
        tracing.current?.end();
      });
    await Promise.all([serve("a"), serve("b")]);
    assert.deepEqual(kept.told.sort(), [
      "a < nothing: ok",
      "a leaf < a part: ok",
      "a part < a: ok",
      "b < nothing: ok",
      "b leaf < b part: ok",
      "b part < b: ok",
    ]);
    assert.equal(new Set(kept.spans.map(({ traceId }) => traceId)).size, 2);
  });

  it("ends a part with what it threw, and throws it on", async () => {
    const kept = new KeptSpans();
    const tracing = kept.tracing();
    await tracing.request(request, async () => {
      const refused = new Fault("keys.denied", "no");
      const late = traced(tracing, part, async () => Promise.reject(refused));
      await assert.rejects(late, (error) => error === refused);
      const early = () => {
        throw new TypeError("secret");
      };
      assert.throws(() => traced(tracing, part, early), /secret/);
    });
    assert.deepEqual(kept.told.slice(1), ["part < S3: keys.denied", "part < S3: TypeError"]);
  });

  it("makes no span of work that belongs to no traced request", () => {
    const kept = new KeptSpans();
    const tracing = kept.tracing({ samplingRatio: 0 });
    assert.equal(
      traced(tracing, part, () => 1),
      1,
    );
    assert.equal(
      tracing.request(request, () => traced(tracing, part, () => 2)),
      2,
    );
    assert.equal(
      traced(undefined, part, () => 3),
      3,
    );
    assert.equal(tracing.answer(part, undefined), undefined);
    assert.equal(tracing.answer(part, UNSAMPLED), undefined);
    assert.deepEqual(kept.spans, []);
  });

  for (const [rule, client, ratio, expected] of [
    ["join", CLIENT, 1, `S3 < 00f067aa0ba902b7: under way`],
    ["join", UNSAMPLED, 1, `S3 < 00f067aa0ba902b7: under way`],
    ["join", CLIENT, 0, undefined],
    ["obey", CLIENT, 0, `S3 < 00f067aa0ba902b7: under way`],
    ["obey", UNSAMPLED, 1, undefined],
    ["ignore", CLIENT, 1, `S3 < nothing: under way`],
    ["obey", undefined, 1, `S3 < nothing: under way`],
  ] as const) {
    it(`with ${rule} and ratio ${ratio} makes of ${client}: ${expected}`, () => {
      const kept = new KeptSpans();
      const tracing = kept.tracing({ clientTraceparent: rule, samplingRatio: ratio });
      tracing.request({ ...request, client }, () => undefined);
      assert.equal(kept.told[0], expected);
    });
  }

  it("samples the share of traces that it is told to, the same ones wherever their id is known", () => {
    const kept = new KeptSpans();
    const tracing = kept.tracing({ samplingRatio: 0.25 });
    const ids = Array.from({ length: 400 }, (_, n) => {
      return `00-${TRACE.slice(0, 19)}${Math.floor((n / 400) * 2 ** 52)
        .toString(16)
        .padStart(13, "0")}-00f067aa0ba902b7-00`;
    });
    for (const _ of [1, 2]) {
      for (const client of ids) tracing.request({ ...request, client }, () => undefined);
    }
    const traces = kept.spans.map(({ traceId }) => traceId);
    assert.equal(traces.length, 200);
    assert.equal(new Set(traces).size, 100);
  });

  for (const client of [
    "",
    "00",
    `00-${TRACE}-00f067aa0ba902b7`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `01-${TRACE}-00f067aa0ba902b7-01more`,
    ["a", "b"],
  ]) {
    it(`begins a trace of its own where a client sends ${JSON.stringify(client)}`, () => {
      const kept = new KeptSpans();
      kept.tracing().request({ ...request, client }, () => undefined);
      assert.deepEqual(kept.told, ["S3 < nothing: under way"]);
    });
  }

  it("reads what a later version of traceparent has in common with this one", () => {
    const kept = new KeptSpans();
    const client = `01-${TRACE}-00f067aa0ba902b7-03-more`;
    kept.tracing().request({ ...request, client }, () => undefined);
    assert.equal(kept.spans[0]?.traceId, TRACE);
  });
});

describe("failureCode", () => {
  it("names a failure without its message", () => {
    assert.equal(failureCode(new Fault("limit.busy", "secret")), "limit.busy");
    assert.equal(failureCode(Object.assign(new Error("secret"), { code: "EPIPE" })), "EPIPE");
    assert.equal(failureCode(new RangeError("secret")), "RangeError");
    assert.equal(failureCode("secret"), "unknown");
  });
});
