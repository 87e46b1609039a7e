import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { LocalFirstBus } from "../../src/bus/local-first-bus.ts";
import { MemoryBus } from "../../src/bus/memory-bus.ts";
import { announcement } from "../../src/contracts/contract.ts";
import { KeptLog } from "../runtime/kept-log.ts";
import { busContract, echo, faultOf } from "./bus-contract.ts";

const asking = { requestId: "req-1" };

function openJoined() {
  const log = new KeptLog();
  const local = new MemoryBus({ log });
  const remote = new MemoryBus({ log });
  return { local, remote, joined: new LocalFirstBus(local, remote) };
}

/** A network without anybody else on it, on which a process does not hear itself. */
class EmptyNetwork extends MemoryBus {
  override subscribe(): void {}
}

busContract("LocalFirstBus", async (log) => {
  const joined = new LocalFirstBus(new MemoryBus({ log }), new EmptyNetwork({ log }));
  return {
    asker: joined,
    answerer: joined,
    isLocal: true,
    settle: async () => undefined,
    close: () => joined.drain(),
  };
});

describe("LocalFirstBus", () => {
  it("asks the remote bus what is not served here, and the local one what is", async () => {
    const { remote, joined } = openJoined();
    remote.serve(echo("there"), async () => ({ text: "remote" }));
    joined.serve(echo("here"), async () => ({ text: "here" }));
    assert.equal((await joined.request(echo("there"), { text: "" }, asking)).text, "remote");
    await remote.drain();
    assert.equal((await joined.request(echo("here"), { text: "" }, asking)).text, "here");
    assert.equal(joined.isLocal(echo("here")), true);
    assert.equal(joined.isLocal(echo("there")), false);
    const there = joined.request(echo("there"), { text: "" }, asking);
    await assert.rejects(there, faultOf("bus.unavailable"));
  });

  it("answers both buses", async () => {
    const { local, remote, joined } = openJoined();
    joined.serve(echo("both"), async (input) => input);
    assert.equal((await local.request(echo("both"), { text: "l" }, asking)).text, "l");
    assert.equal((await remote.request(echo("both"), { text: "r" }, asking)).text, "r");
  });

  it("announces on both buses, and to this process even when the remote one is cut off", async () => {
    const { remote, joined } = openJoined();
    const happened = announcement("contract.thing.happened", z.object({ n: z.number() }));
    const here: number[] = [];
    const there: number[] = [];
    joined.subscribe(happened, ({ n }) => here.push(n));
    remote.subscribe(happened, ({ n }) => there.push(n));
    await joined.publish(happened, { n: 1 });
    assert.deepEqual(there, [1]);
    await remote.drain();
    assert.equal(joined.isConnected, false);
    await assert.rejects(joined.publish(happened, { n: 2 }), faultOf("bus.unavailable"));
    assert.equal(here.at(-1), 2);
  });
});
