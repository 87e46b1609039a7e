import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { TracedBus } from "../../src/bus/traced-bus.ts";
import { Fault } from "../../src/faults.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { KeptSpans } from "../runtime/kept-spans.ts";
import { busContract, echo, said } from "./bus-contract.ts";

const asking = { requestId: "req-1" };
const request = { name: "S3", kind: "server", client: undefined } as const;

busContract("TracedBus", async (log) => {
  const bus = new TracedBus(new MemoryBus({ log }), new KeptSpans().tracing());
  const settle = async () => undefined;
  return { asker: bus, answerer: bus, isLocal: true, settle, close: () => bus.drain() };
});

/** Two processes on one bus, each with spans of its own. */
function twoProcesses() {
  const wire = new MemoryBus({ log: new KeptLog() });
  const kept = new KeptSpans();
  const [here, there] = [kept.tracing(), kept.tracing()];
  return { wire, kept, here, asker: new TracedBus(wire, here), owner: new TracedBus(wire, there) };
}

describe("TracedBus", () => {
  it("makes the answer a child of the question, and the question one of the request", async () => {
    const { kept, here, asker, owner } = twoProcesses();
    owner.serve(echo("leaf"), async (input) => input);
    owner.serve(echo("say"), async (input) => await owner.request(echo("leaf"), input, asking));
    owner.serve(echo("refuse"), async () => {
      throw new Fault("keys.denied", "no");
    });
    await here.request(request, async () => {
      await asker.request(echo("say"), { text: "a" }, asking);
      await assert.rejects(asker.request(echo("refuse"), { text: "a" }, asking));
    });
    assert.deepEqual(kept.told.slice(1), [
      "ask contract.text.say < S3: ok",
      "answer contract.text.say < ask contract.text.say: ok",
      "ask contract.text.leaf < answer contract.text.say: ok",
      "answer contract.text.leaf < ask contract.text.leaf: ok",
      "ask contract.text.refuse < S3: keys.denied",
      "answer contract.text.refuse < ask contract.text.refuse: keys.denied",
    ]);
    const kinds = kept.spans.slice(1, 3).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["client", "server"]);
    assert.equal(new Set(kept.spans.map(({ traceId }) => traceId)).size, 1);
  });

  it("makes hearing a child of announcing", async () => {
    const { kept, here, asker, owner } = twoProcesses();
    const heard: string[] = [];
    owner.subscribe(said, ({ by }) => heard.push(by));
    await here.request(request, () => asker.publish(said, { by: "a" }));
    await asker.publish(said, { by: "b" });
    assert.deepEqual(heard, ["a", "b"]);
    assert.deepEqual(kept.told.slice(1), [
      "announce contract.text.said < S3: ok",
      "hear contract.text.said < announce contract.text.said: ok",
    ]);
  });

  it("makes no span of what belongs to no request, and sends nothing along", async () => {
    const { wire, kept, asker, owner } = twoProcesses();
    owner.serve(echo("say"), async (input) => input);
    const asked = Promise.withResolvers<object>();
    wire.serve(echo("bare"), async (input, context) => {
      asked.resolve(context);
      return input;
    });
    await asker.request(echo("say"), { text: "a" }, asking);
    await asker.request(echo("bare"), { text: "a" }, asking);
    assert.equal("traceparent" in (await asked.promise), false);
    assert.deepEqual(kept.told, []);
  });
});
