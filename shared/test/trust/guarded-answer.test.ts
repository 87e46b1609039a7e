import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { unwrapDataKey } from "../../src/contracts/keys.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { KEM } from "../../src/sealing/hpke.ts";
import { AnswerGuard } from "../../src/trust/answerer.ts";
import { askGuarded } from "../../src/trust/ask.ts";
import { AskerSession } from "../../src/trust/asker.ts";
import { guardedAnswer } from "../../src/trust/guarded-answer.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { RemoteBus } from "./remote-bus.ts";

const secret = new Secret(Buffer.alloc(32, 1));
const session = new AskerSession({ secret, kem: KEM.x25519 });
const asking = {
  question: unwrapDataKey,
  input: { place: { bucket: "b", key: "k" }, header: "h" },
  requestId: "r",
};
const dataKey = Buffer.alloc(32, 7);
/** Every asker and answerer wipes its own. */
const plainly = () => ({ dataKey: Buffer.from(dataKey) });

describe("guardedAnswer", () => {
  it("answers a role of its process in the clear", async () => {
    const bus = new MemoryBus({ log: new KeptLog() });
    bus.serve(
      unwrapDataKey,
      guardedAnswer(unwrapDataKey, undefined, async () => plainly()),
    );
    const answer = await bus.request(unwrapDataKey, asking.input, { requestId: "r" });
    assert.deepEqual(answer, { plain: plainly() });
  });

  it("answers another process with proof, sealed, and tells the handler who waits", async () => {
    const bus = new RemoteBus();
    const guard = new AnswerGuard({ secret });
    const heard: unknown[] = [];
    const handler = async (
      _: unknown,
      { requestId, isLocal }: { requestId: string; isLocal: boolean },
    ) => {
      heard.push([requestId, isLocal]);
      return plainly();
    };
    bus.serve(unwrapDataKey, guardedAnswer(unwrapDataKey, guard, handler));
    assert.deepEqual(await askGuarded(bus, session, asking), plainly());
    assert.deepEqual(heard, [["r", false]]);
  });

  it("answers no other process without proof, with another secret's, or without a guard", async () => {
    const other = new AskerSession({ secret: new Secret(Buffer.alloc(32, 2)), kem: KEM.x25519 });
    let hasRun = false;
    const handler = async () => {
      hasRun = true;
      return plainly();
    };
    const guarded = new RemoteBus();
    guarded.serve(
      unwrapDataKey,
      guardedAnswer(unwrapDataKey, new AnswerGuard({ secret }), handler),
    );
    const unguarded = new RemoteBus();
    unguarded.serve(unwrapDataKey, guardedAnswer(unwrapDataKey, undefined, handler));
    const refused = { code: "keys.refused" };
    await assert.rejects(guarded.request(unwrapDataKey, asking.input, { requestId: "r" }), refused);
    await assert.rejects(askGuarded(guarded, other, asking), refused);
    await assert.rejects(askGuarded(unguarded, session, asking), refused);
    assert.equal(hasRun, false);
  });

  it("hands bytes over within the process, and wipes them once they are sealed or nobody waits", async () => {
    const given: Buffer[] = [];
    const handler = async () => {
      const answer = plainly();
      given.push(answer.dataKey);
      return answer;
    };
    const answer = guardedAnswer(unwrapDataKey, new AnswerGuard({ secret }), handler);
    const asked = { requestId: "r", deadlineMs: Date.now() + 10_000, isLocal: true };
    const local = await answer(asking.input, asked);
    assert.ok("plain" in local && local.plain.dataKey === given[0] && dataKey.equals(given[0]));
    const late = answer(asking.input, { ...asked, deadlineMs: Date.now() - 1 });
    await assert.rejects(late, { code: "bus.timeout" });
    const { input } = session.prove(unwrapDataKey, asking.input, "r");
    assert.ok("sealed" in (await answer(input, { ...asked, isLocal: false })));
    assert.deepEqual(given.slice(1), [Buffer.alloc(32), Buffer.alloc(32)]);
  });
});
