/** The rules of a bus, run over every implementation of it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import type { Bus } from "../../src/bus/bus.ts";
import { announcement, question } from "../../src/contracts/contract.ts";
import { Fault, isFault } from "../../src/faults.ts";
import type { Log } from "../../src/runtime/log.ts";
import { KeptLog } from "../runtime/kept-log.ts";

/** Two ends of one carrier; the same bus where there is but one. Fresh for every suite. */
export interface BusPair {
  readonly asker: Bus;
  readonly answerer: Bus;
  readonly isLocal: boolean;
  /** Resolves when the asker's end knows what the answerer's end serves and subscribes. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A question of the owner `contract`, unlike any other test's. */
export function echo(verb: string) {
  return question(`contract.text.${verb}`, {
    input: z.strictObject({ text: z.string() }),
    output: z.object({ text: z.string() }),
  });
}

/** An announcement of the owner `contract`. */
export const said = announcement("contract.text.said", z.object({ by: z.string() }));

const options = { requestId: "req-1", timeoutMs: 5000 };

/** True for a fault of that code, for `assert.rejects`. */
export function faultOf(code: Fault["code"]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFault(error, code), `${code} expected, got ${String(error)}`);
    return true;
  };
}

/** Declares the suite. `open` makes the pair, whose buses log into `log`. */
export function busContract(name: string, open: (log: Log) => Promise<BusPair>): void {
  describe(`${name} keeps the rules of a bus`, () => {
    const log = new KeptLog();
    let pair: BusPair;
    before(async () => {
      pair = await open(log);
    });
    after(() => pair.close());

    it("brings the answer, and tells the answerer who waits until when", async () => {
      const asked = Promise.withResolvers<unknown>();
      const before_ = Date.now();
      pair.answerer.serve(echo("say"), async ({ text }, context) => {
        asked.resolve({ ...context, deadlineMs: context.deadlineMs >= before_ + 5000 });
        return { text: text.toUpperCase() };
      });
      await pair.settle();
      assert.deepEqual(await pair.asker.request(echo("say"), { text: "ä" }, options), {
        text: "Ä",
      });
      assert.deepEqual(await asked.promise, {
        requestId: "req-1",
        deadlineMs: true,
        isLocal: pair.isLocal,
      });
      assert.equal(pair.asker.isLocal(echo("say")), pair.isLocal);
    });

    it("brings along the span that the asker names, and that an announcement is part of", async () => {
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
      const asked = Promise.withResolvers<unknown>();
      pair.answerer.serve(echo("trace"), async (input, context) => {
        asked.resolve(context.traceparent);
        return input;
      });
      const heard = Promise.withResolvers<unknown>();
      pair.answerer.subscribe(said, ({ by }, announced) => {
        if (by === "traced") heard.resolve(announced.traceparent);
      });
      await pair.settle();
      await pair.asker.request(echo("trace"), { text: "" }, { ...options, traceparent });
      assert.equal(await asked.promise, traceparent);
      await pair.asker.publish(said, { by: "traced" }, { traceparent });
      assert.equal(await heard.promise, traceparent);
    });

    it("throws the answerer's fault with code, message and details", async () => {
      pair.answerer.serve(echo("refuse"), async () => {
        throw new Fault("keys.unknown-key", "no key\r\nnamed ü", { details: { keyId: "k", n: 1 } });
      });
      await pair.settle();
      const error = await pair.asker
        .request(echo("refuse"), { text: "" }, options)
        .catch((e: unknown) => e);
      assert.ok(isFault(error, "keys.unknown-key"));
      assert.equal(error.message, "no key\r\nnamed ü");
      assert.deepEqual(error.details, { keyId: "k", n: 1 });
    });

    it("turns any other error into internal.bug without its message, and logs it", async () => {
      pair.answerer.serve(echo("crash"), async () => {
        throw new Error("password is hunter2");
      });
      await pair.settle();
      const linesBefore = log.lines.length;
      const error = await pair.asker
        .request(echo("crash"), { text: "" }, options)
        .catch((e: unknown) => e);
      assert.ok(isFault(error, "internal.bug"));
      assert.equal(error.message, "internal error");
      assert.equal(log.lines[linesBefore], "answering failed");
    });

    it("refuses input that does not fit before asking anybody", async () => {
      let calls = 0;
      pair.answerer.serve(echo("strict"), async ({ text }) => {
        calls++;
        return { text };
      });
      await pair.settle();
      const odd = { text: "a", more: 1 };
      await assert.rejects(
        pair.asker.request(echo("strict"), odd, options),
        faultOf("input.invalid"),
      );
      assert.equal(calls, 0);
    });

    it("lets neither an answer that does not fit nor its unknown keys through", async () => {
      const loose = { text: "a", extra: 1 };
      pair.answerer.serve(echo("loose"), async () => loose);
      pair.answerer.serve(echo("wrong"), async () => ({ text: 1 as unknown as string }));
      await pair.settle();
      const asked = pair.asker.request(echo("loose"), { text: "" }, options);
      assert.deepEqual(await asked, { text: "a" });
      const wrong = pair.asker.request(echo("wrong"), { text: "" }, options);
      await assert.rejects(wrong, faultOf("internal.bug"));
    });

    it("says bus.no-responder where nobody answers", async () => {
      const asked = pair.asker.request(echo("nobody"), { text: "" }, { ...options, timeoutMs: 40 });
      await assert.rejects(asked, faultOf("bus.no-responder"));
    });

    it("says bus.timeout when the answer does not come in time, and goes on answering", async () => {
      const late = Promise.withResolvers<void>();
      pair.answerer.serve(echo("slow"), async ({ text }) => {
        if (text === "late") await late.promise;
        return { text };
      });
      await pair.settle();
      const slow = { ...options, timeoutMs: 20 };
      const asked = pair.asker.request(echo("slow"), { text: "late" }, slow);
      await assert.rejects(asked, faultOf("bus.timeout"));
      late.resolve();
      const next = await pair.asker.request(echo("slow"), { text: "next" }, options);
      assert.deepEqual(next, { text: "next" });
    });

    it("answers many questions at a time", async () => {
      const all = Promise.withResolvers<void>();
      let waiting = 0;
      pair.answerer.serve(echo("together"), async ({ text }) => {
        if (++waiting === 8) all.resolve();
        await all.promise;
        return { text };
      });
      await pair.settle();
      const texts = Array.from({ length: 8 }, (_, index) => String(index));
      const answers = await Promise.all(
        texts.map((text) => pair.asker.request(echo("together"), { text }, options)),
      );
      assert.deepEqual(
        answers.map(({ text }) => text),
        texts,
      );
    });

    it("lets one question have one answerer", () => {
      pair.answerer.serve(echo("once"), async (input) => input);
      assert.throws(
        () => pair.answerer.serve(echo("once"), async (input) => input),
        /served already/,
      );
    });

    it("announces to every listener, and drops what does not parse or a listener throws", async () => {
      const happened = announcement("contract.thing.happened", z.object({ n: z.number() }));
      const odd = announcement("contract.thing.happened", z.object({ n: z.string() }));
      const heard: number[] = [];
      const done = Promise.withResolvers<void>();
      pair.asker.subscribe(happened, () => {
        throw new Error("listener is broken");
      });
      pair.asker.subscribe(happened, ({ n }) => {
        heard.push(n);
        if (n === 2) done.resolve();
      });
      await pair.settle();
      await pair.answerer.publish(happened, { n: 1 });
      await pair.answerer.publish(odd, { n: "odd" });
      await pair.answerer.publish(happened, { n: 2 });
      await done.promise;
      assert.deepEqual(heard, [1, 2]);
      await assert.rejects(
        pair.answerer.publish(happened, { n: "x" as unknown as number }),
        faultOf("input.invalid"),
      );
    });
  });

  describe(`${name} drains`, () => {
    it("delivers the answer being made, takes no new question, then is closed", async () => {
      const pair = await open(new KeptLog());
      const isAsked = Promise.withResolvers<void>();
      const mayAnswer = Promise.withResolvers<void>();
      pair.answerer.serve(echo("last"), async ({ text }) => {
        isAsked.resolve();
        await mayAnswer.promise;
        return { text };
      });
      await pair.settle();
      const asked = pair.asker.request(echo("last"), { text: "a" }, options);
      await isAsked.promise;
      const drained = pair.answerer.drain();
      const refused = pair.asker.request(
        echo("last"),
        { text: "b" },
        { ...options, timeoutMs: 40 },
      );
      await assert.rejects(refused, (error) => isFault(error, "bus.no-responder", "bus.timeout"));
      mayAnswer.resolve();
      assert.deepEqual(await asked, { text: "a" });
      await drained;
      assert.equal(pair.answerer.isConnected, false);
      const closed = pair.answerer.request(echo("last"), { text: "" }, options);
      await assert.rejects(closed, faultOf("bus.unavailable"));
      await pair.close();
    });
  });
}
